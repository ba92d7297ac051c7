/* Previews; see preview.h. */
#include "hub/report/preview.h"

#include <inttypes.h>

#include "hub/conf.h"
#include "hub/report/compose.h"
#include "hub/report/greetings.h"
#include "hub/report/letter.h"
#include "hub/report/report_rows.h"
#include "proto/base/arena.h"
#include "proto/base/log.h"

struct preview {
	struct db *db;
	const struct hub_conf *conf;
	const struct preview_ask *ask;
	struct letter letter;
	void (*on_mail)(void *ctx, const struct preview_mail *mail);
	void *ctx;
	size_t count;
};

static enum db_result
one(struct preview *p, struct arena *a, struct report_case *kase)
{
	const char *to = p->ask->to == NULL ? kase->mailbox : p->ask->to;
	struct composed mails;

	if (letter_write(&p->letter, a, kase, to, &mails) < 0)
		return DB_REFUSED;
	for (size_t i = 0; i < mails.count; i++)
		p->on_mail(p->ctx,
		    &(struct preview_mail){.mailbox = kase->mailbox, .to = to,
		        .uuid = i == 0 ? kase->facts->uuid
		                       : arena_printf(a, "%s-%zu",
		                             kase->facts->uuid, i + 1),
		        .subject = mails.mails[i].subject,
		        .mail = mails.mails[i].mail,
		        .sources = kase->facts->source_count,
		        .events = kase->facts->events});
	p->count += mails.count;
	return DB_OK;
}

/* The contacts of the list, one after the other. */
static enum db_result
each(struct preview *p, struct report_contacts list)
{
	struct arena *a = arena_open(0);
	enum db_result r = DB_OK;

	for (size_t i = 0; r == DB_OK && i < list.n; i++) {
		struct report_cases cases;

		arena_reset(a);
		r = report_rows_cases(p->db, a, p->conf,
		    (struct report_contacts){.at = list.at + i, .n = 1},
		    INT64_MAX, &cases);
		if (r == DB_OK && cases.n != 0)
			r = one(p, a, &cases.at[0]);
	}
	arena_close(a);
	return r;
}

static enum db_result
named(struct preview *p, struct arena *a)
{
	int64_t contact;
	enum db_result r = report_rows_contact(p->db, a, p->ask->mailbox,
	    &contact);

	if (r != DB_OK)
		return r;
	if (contact == 0) {
		log_error("no contact \"%s\"", p->ask->mailbox);
		return DB_REFUSED;
	}
	return each(p, (struct report_contacts){.at = &contact, .n = 1});
}

static enum db_result
all(struct preview *p, struct arena *a)
{
	struct report_contacts due;
	enum db_result r = report_rows_due(p->db, a, INT64_MAX,
	    (struct report_contacts){0}, &due);

	return r == DB_OK ? each(p, due) : r;
}

enum db_result
preview_reports(struct db *db, const struct hub_conf *conf,
    const struct preview_ask *ask,
    void (*on_mail)(void *ctx, const struct preview_mail *mail), void *ctx,
    size_t *count)
{
	struct preview p = {.db = db, .conf = conf, .ask = ask,
	    .on_mail = on_mail, .ctx = ctx};
	struct arena *a = arena_open(0), *settings = arena_open(0);
	struct greetings greetings;
	enum db_result r = DB_REFUSED;

	if (greetings_load(conf, settings, &greetings) == 0 &&
	    letter_load(conf, &greetings, false, &p.letter) == 0)
		r = ask->mailbox == NULL ? all(&p, a) : named(&p, a);
	*count = p.count;
	arena_close(settings);
	arena_close(a);
	return r;
}
