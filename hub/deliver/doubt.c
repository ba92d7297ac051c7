/* Mails whose fate is open; see doubt.h. */
#include "hub/deliver/doubt.h"

#include <unistd.h>

#include "hub/conf.h"
#include "hub/deliver/deliver_rows.h"
#include "hub/deliver/smtp.h"
#include "hub/deliver/transport.h"
#include "hub/deliver/watch.h"
#include "hub/worker.h"
#include "proto/base/arena.h"
#include "proto/base/log.h"

static struct deliver_end
end_of_left(struct worker_context *c, const struct deliver_left *l)
{
	const char *path = transport_plan_file(l->plan,
	    transport_name(l->uuid, l->claim.n, c->arena), c->arena);
	long long report = l->claim.report;

	if (path != NULL && access(path, F_OK) == 0) {
		log_notice("report sent report=%lld written to %s", report,
		    path);
		return deliver_end_of(&l->claim, DELIVER_MOVE_SENT,
		    arena_printf(c->arena, "written to %s", path));
	}
	if (path != NULL)
		return deliver_end_of(&l->claim, DELIVER_MOVE_BACK,
		    "was not written");
	log_warning("report unknown report=%lld uuid=%s: ended while sending; "
	            "see the relay's log, then plaintiff report resolve",
	    report, l->uuid);
	return deliver_end_of(&l->claim, DELIVER_MOVE_UNKNOWN,
	    "ended while sending: may have gone or not");
}

/* A stored end of a mail whose fate the log tells; false: it does not. */
static bool
end_of_unknown(struct worker_context *c, const struct deliver_unknown *u,
    const struct watch_mail *m, struct deliver_end *end)
{
	long long report = u->claim.report;

	switch (m->fate) {
	case RECEIPT_FATE_TAKEN:
		log_notice("report sent report=%lld receipt queue=%s", report,
		    m->queue);
		*end = deliver_end_of(&u->claim, DELIVER_MOVE_SENT,
		    arena_printf(c->arena, "the relay's log has it as %s",
		        m->queue));
		return true;
	case RECEIPT_FATE_NOT_TAKEN:
		log_warning("report lost report=%lld: the relay's log shows "
		            "that it was not taken; it is sent again",
		    report);
		*end = deliver_end_of(&u->claim, DELIVER_MOVE_BACK,
		    "the relay's log shows that it was not taken");
		return true;
	case RECEIPT_FATE_UNKNOWN:
		break;
	}
	return false;
}

enum db_result
doubt_resolve_unknown(struct worker_context *c, struct watch *w)
{
	struct deliver_unknown *list;
	struct deliver_batch none;
	struct deliver_end *ends;
	struct watch_mail *mails;
	struct smtp_relay relay;
	size_t n, count = 0;
	enum db_result r = deliver_rows_unknown(c->db, c->arena,
	    c->conf->hub_name, &list, &n);

	if (r != DB_OK)
		return r;
	mails = arena_array(c->arena, n + 1, sizeof *mails);
	ends = arena_array(c->arena, n + 1, sizeof *ends);
	for (size_t i = 0; i < n; i++)
		mails[i] = (struct watch_mail){
		    .message_id = list[i].message_id,
		    .log_from = list[i].log_from,
		    .age_ms = list[i].age_ms,
		};
	if (c->conf->deliver_live && watch_marks(w, c->conf, mails, n) &&
	    transport_relay(c->conf, c->arena, &relay) == 0)
		smtp_visit(&relay);
	watch_look(w, c->conf, c->arena, mails, n);
	for (size_t i = 0; i < n; i++)
		count += end_of_unknown(c, &list[i], &mails[i], &ends[count]);
	return count == 0 ? DB_OK
	                  : deliver_rows_turn(c->db, c->arena, c->conf, ends,
	                        count, &(struct deliver_terms){0}, &none);
}

enum db_result
doubt_adopt(struct worker_context *c)
{
	size_t mails = 0;
	enum db_result r = deliver_rows_adopt(c->db, c->arena,
	    c->conf->hub_name, &mails);

	if (r != DB_OK || mails == 0)
		return r;
	log_warning("mails taken over from another hub, which has not been "
	            "there for a day: mails=%zu", mails);
	return DB_OK;
}

enum db_result
doubt_resolve_left(struct worker_context *c)
{
	struct deliver_left *list;
	struct deliver_batch none;
	struct deliver_end *ends;
	size_t n;
	enum db_result r = deliver_rows_left(c->db, c->arena,
	    c->conf->hub_name, &list, &n);

	if (r != DB_OK || n == 0)
		return r;
	ends = arena_array(c->arena, n, sizeof *ends);
	for (size_t i = 0; i < n; i++)
		ends[i] = end_of_left(c, &list[i]);
	return deliver_rows_turn(c->db, c->arena, c->conf, ends, n,
	    &(struct deliver_terms){0}, &none);
}
