/* Previews; see preview.h. */
#include "hub/report/preview.h"

#include <inttypes.h>

#include "hub/conf.h"
#include "hub/report/compose.h"
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
one(struct preview *p, struct arena *a, const struct report_contact *who)
{
	const char *to = p->ask->to == NULL ? who->mailbox : p->ask->to;
	struct report_case kase;
	struct composed mails;
	enum db_result r;

	r = report_rows_case(p->db, a, p->conf, who->contact, INT64_MAX,
	    &kase);
	if (r != DB_OK || kase.facts->source_count == 0)
		return r;
	if (letter_write(&p->letter, a, &kase, to, &mails) < 0)
		return DB_REFUSED;
	for (size_t i = 0; i < mails.count; i++)
		p->on_mail(p->ctx,
		    &(struct preview_mail){.mailbox = who->mailbox, .to = to,
		        .uuid = i == 0 ? kase.facts->uuid
		                       : arena_printf(a, "%s-%zu",
		                             kase.facts->uuid, i + 1),
		        .subject = mails.mails[i].subject,
		        .mail = mails.mails[i].mail,
		        .sources = kase.facts->source_count,
		        .events = kase.facts->events});
	p->count += mails.count;
	return DB_OK;
}

static enum db_result
named(struct preview *p, struct arena *a)
{
	struct report_contact who;
	enum db_result r;

	r = report_rows_contact(p->db, a, p->ask->mailbox, &who);
	if (r != DB_OK)
		return r;
	if (who.contact == 0) {
		log_error("no contact \"%s\"", p->ask->mailbox);
		return DB_REFUSED;
	}
	return one(p, a, &who);
}

static enum db_result
all(struct preview *p, struct arena *a)
{
	struct arena *mail = arena_open(0);
	struct report_contact *list;
	enum db_result r = DB_OK;
	int64_t above = 0;
	size_t n = 1;

	while (r == DB_OK && n != 0) {
		arena_reset(a);
		r = report_rows_due(p->db, a, p->conf, above, INT64_MAX,
		    (struct report_skips){0}, &list, &n);
		for (size_t i = 0; r == DB_OK && i < n; i++) {
			above = list[i].contact;
			arena_reset(mail);
			r = one(p, mail, &list[i]);
		}
	}
	arena_close(mail);
	return r;
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
	enum db_result r = DB_REFUSED;

	if (letter_load(conf, settings, false, &p.letter) == 0)
		r = ask->mailbox == NULL ? all(&p, a) : named(&p, a);
	*count = p.count;
	arena_close(settings);
	arena_close(a);
	return r;
}
