/* One message; see hear.h. */
#include "hub/bounce/hear.h"

#include <inttypes.h>
#include <sodium.h>

#include "hub/bounce/bounce_rows.h"
#include "hub/bounce/dsn.h"
#include "hub/bounce/parse.h"
#include "hub/bounce/reply.h"
#include "hub/conf.h"
#include "proto/base/log.h"

enum { UUID_DIGITS = 32 };

/* Which report a message says it is about, and whether that is proven. */
struct about {
	char digits[UUID_DIGITS + 1]; /* of its uuid; "": none */
	bool verified;
	bool forged;
};

struct verp_place
hear_place(const struct hub_conf *conf)
{
	return (struct verp_place){.mailbox = conf->bounce_address,
	    .delimiter = conf->bounce_delimiter};
}

int
hear_open(struct hear *h, const struct hub_conf *conf)
{
	struct verp_place place = hear_place(conf);
	const char *why;

	*h = (struct hear){.conf = conf};
	parse_open();
	if (!verp_place_is_good(&place, &why)) {
		log_error("bounce.address = \"%s\", bounce.delimiter = \"%s\" "
		          "cannot be used: %s", place.mailbox,
		    place.delimiter, why);
		return -1;
	}
	if (verp_key_open(conf->bounce_key, &h->key, &why) < 0) {
		log_error("cannot use bounce.key %s: %s", conf->bounce_key,
		    why);
		return -1;
	}
	return 0;
}

static void
check_address(const struct hear *h, struct text address, struct about *out)
{
	struct verp_place place = hear_place(h->conf);

	switch (verp_check(&h->key, &place, address, out->digits)) {
	case VERP_OURS:
		out->verified = true;
		break;
	case VERP_FORGED:
		out->forged = true;
		break;
	case VERP_NONE:
		break;
	}
}

/* "4f0c8a52-19d7-4c0e-9b1a-0a5d3e6f7788@..." or with more before the "@". */
static bool
read_uuid(struct text id, char out[UUID_DIGITS + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < id.n && n < UUID_DIGITS; i++) {
		char c = id.at[i];

		if (c == '-' && (n == 8 || n == 12 || n == 16 || n == 20))
			continue;
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			break;
		out[n++] = c;
	}
	out[n] = '\0';
	if (n != UUID_DIGITS || id.n < UUID_DIGITS + 5)
		out[0] = '\0';
	return out[0] != '\0';
}

/* The token first; without one, the Message-ID of ours that is answered: who
 * was not sent it cannot know it, but it travels further than a token. */
static struct about
find_out(const struct hear *h, const struct hear_message *message,
    const struct parsed *m)
{
	struct about out = {0};

	if (message->recipient.at != NULL)
		check_address(h, message->recipient, &out);
	for (size_t i = 0; !out.verified && i < m->mailboxes_n; i++)
		check_address(h, m->mailboxes[i], &out);
	for (size_t i = 0; !out.verified && i < m->ids_n; i++)
		if (read_uuid(m->ids[i], out.digits))
			break;
	return out;
}

static enum db_result
hear_bounce(struct db *db, struct arena *a, const struct hear *h,
    const struct bounce_report *r, const struct bounce_message *m,
    const struct dsn *dsn)
{
	enum bounce_effect effect;
	enum db_result result;

	if (!m->verified)
		return bounce_rows_heard(db, a, BOUNCE_NO_TOKEN);
	if (!r->sent)
		return bounce_rows_heard(db, a, BOUNCE_UNSENT);
	if (r->age_s > h->conf->bounce_window)
		return bounce_rows_heard(db, a, BOUNCE_LATE);
	result = bounce_rows_bounce(db, a, r, m, dsn, h->conf->bounce_in_a_row,
	    &effect);
	if (result != DB_OK)
		return result;
	if (effect == BOUNCE_KNOWN)
		return bounce_rows_heard(db, a, BOUNCE_AGAIN);
	log_notice("bounce report=%" PRId64 " contact=%s class=%s status=%.*s "
	           "effect=%s", r->report, r->mailbox,
	    dsn_class_name(dsn->class), (int)dsn->status.n,
	    dsn->status.at == NULL ? "" : dsn->status.at,
	    bounce_effect_name(effect));
	if (effect == BOUNCE_SUSPENDED)
		log_warning("contact suspended contact=%s report=%" PRId64,
		    r->mailbox, r->report);
	if (effect == BOUNCE_HELD)
		log_warning("contact held contact=%s report=%" PRId64
		            " in_a_row=%" PRId64, r->mailbox, r->report,
		    h->conf->bounce_in_a_row);
	return DB_OK;
}

static enum db_result
hear_reply(struct db *db, struct arena *a, const struct parsed *parsed,
    const struct bounce_report *r, const struct bounce_message *m)
{
	struct parsed ours;
	struct reply reply;
	struct text mail;
	enum db_result result;
	bool stored;

	if (!r->sent)
		return bounce_rows_heard(db, a, BOUNCE_UNSENT);
	result = bounce_rows_mail(db, a, r->report, &mail);
	if (result != DB_OK)
		return result;
	parse_message(a, mail, &ours);
	reply_judge(a, parsed, ours.text, &reply);
	result = bounce_rows_reply(db, a, r, m, &reply, &stored);
	if (result != DB_OK)
		return result;
	if (!stored)
		return bounce_rows_heard(db, a, BOUNCE_AGAIN);
	log_notice("reply report=%" PRId64 " contact=%s kind=%s verified=%s",
	    r->report, r->mailbox, reply_kind_name(reply.kind),
	    m->verified ? "yes" : "no");
	return DB_OK;
}

/* All between BEGIN and COMMIT. */
static enum db_result
hear_inside(struct db *db, struct arena *a, const struct hear *h,
    const struct hear_message *message, const struct parsed *parsed)
{
	struct about about = find_out(h, message, parsed);
	struct bounce_message m = {.received_us = message->received_us,
	    .verified = about.verified, .automatic = parsed->automatic,
	    .sender = parsed->from, .subject = parsed->subject};
	struct bounce_report r;
	struct dsn dsn;
	enum db_result result;

	if (about.digits[0] == '\0')
		return bounce_rows_heard(db, a,
		    about.forged ? BOUNCE_BAD_TOKEN : BOUNCE_NO_TOKEN);
	result = bounce_rows_report(db, a, about.digits, &r);
	if (result != DB_OK)
		return result;
	if (r.report == 0)
		return bounce_rows_heard(db, a,
		    about.verified ? BOUNCE_UNKNOWN : BOUNCE_NO_TOKEN);
	(void)crypto_generichash(m.hash, sizeof m.hash,
	    (const unsigned char *)message->bytes.at, message->bytes.n, NULL,
	    0);
	dsn_judge(a, parsed, text_of(r.recipient), &dsn);
	return dsn.class == DSN_NO_BOUNCE
	    ? hear_reply(db, a, parsed, &r, &m)
	    : hear_bounce(db, a, h, &r, &m, &dsn);
}

enum db_result
hear_one(struct db *db, struct arena *a, const struct hear *h,
    const struct hear_message *message)
{
	struct parsed parsed;
	enum db_result result;

	parse_message(a, message->bytes, &parsed);
	result = db_begin(db);
	if (result == DB_OK)
		result = hear_inside(db, a, h, message, &parsed);
	if (result == DB_OK)
		return db_commit(db);
	if (result != DB_LOST)
		db_rollback(db);
	return result;
}

static enum db_result
refusal_inside(struct db *db, struct arena *a, bool *any)
{
	struct parsed m = {.report = PARSE_DELIVERY, .groups_n = 1,
	    .text = TEXT("")};
	struct bounce_refusal refusal;
	enum db_result r = bounce_rows_refusal(db, a, &refusal);
	struct dsn dsn;
	bool suspended;

	*any = r == DB_OK && refusal.event != 0;
	if (!*any)
		return r;
	m.groups[0] = (struct parse_group){.action = TEXT("failed"),
	    .final = text_of(refusal.report.recipient),
	    .status = refusal.status, .diagnostic = refusal.said};
	dsn_judge(a, &m, m.groups[0].final, &dsn);
	r = bounce_rows_judged(db, a, &refusal, &dsn, &suspended);
	if (r == DB_OK && suspended)
		log_warning("contact suspended contact=%s report=%" PRId64,
		    refusal.report.mailbox, refusal.report.report);
	return r;
}

enum db_result
hear_refusal(struct db *db, struct arena *a, bool *any)
{
	enum db_result r = db_begin(db);

	*any = false;
	if (r == DB_OK)
		r = refusal_inside(db, a, any);
	if (r == DB_OK)
		return db_commit(db);
	if (r != DB_LOST)
		db_rollback(db);
	return r;
}
