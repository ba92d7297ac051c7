/* bounce's statements; see bounce_rows.h. */
#include "hub/bounce/bounce_rows.h"

#include "hub/bounce/dsn.h"
#include "hub/bounce/reply.h"
#include "proto/base/arena.h"

enum { SHORT_BYTES = 300, LONG_BYTES = 500, TEXT_BYTES = 16384 };

const char *
bounce_effect_name(enum bounce_effect effect)
{
	static const char *const names[] = {[BOUNCE_KNOWN] = "known",
	    [BOUNCE_NONE] = "none", [BOUNCE_COUNTED] = "counted",
	    [BOUNCE_HELD] = "held", [BOUNCE_SUSPENDED] = "suspended"};

	return names[effect];
}

/* Foreign text as it is kept: it can steer no terminal that shows it. */
static void
arg_foreign(struct db_args *args, struct arena *a, struct text t, size_t most)
{
	char *out;

	if (t.at == NULL) {
		db_arg_null(args);
		return;
	}
	out = arena_alloc(a, most);
	db_arg_text(args, (struct text){.at = out,
	    .n = text_neuter(out, most, t.at, t.n)});
}

/* The same with its line ends. */
static void
arg_lines(struct db_args *args, struct arena *a, struct text t)
{
	char *out = arena_alloc(a, TEXT_BYTES);
	size_t n = 0;

	while (t.n != 0 && n + 1 < TEXT_BYTES) {
		const char *end = memchr(t.at, '\n', t.n);
		size_t line = end == NULL ? t.n : (size_t)(end - t.at);

		n += text_neuter(out + n, TEXT_BYTES - 1 - n, t.at, line);
		if (end != NULL)
			out[n++] = '\n';
		line += end != NULL;
		t.at += line;
		t.n -= line;
	}
	db_arg_text(args, (struct text){.at = out, .n = n});
}

enum db_result
bounce_rows_report(struct db *db, struct arena *a, const char *digits,
    struct bounce_report *out)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	*out = (struct bounce_report){0};
	db_arg_string(args, digits);
	r = db_run(db, "bounce_report", args, &rows);
	if (r != DB_OK)
		return r;
	if (db_rows_count(rows) == 1)
		*out = (struct bounce_report){
		    .report = db_int(rows, 0, 0),
		    .contact = db_int(rows, 0, 1),
		    .recipient = arena_string(a, db_string(rows, 0, 2)),
		    .mailbox = arena_string(a, db_string(rows, 0, 3)),
		    .sent = db_flag(rows, 0, 4),
		    .age_s = db_int(rows, 0, 5),
		};
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
bounce_rows_mail(struct db *db, struct arena *a, int64_t report,
    struct text *mail)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r;

	*mail = (struct text){0};
	db_arg_int(args, report);
	r = db_run(db, "bounce_mail", args, &rows);
	if (r != DB_OK)
		return r;
	if (db_rows_count(rows) != 0)
		*mail = db_bytes(rows, 0, 0, a);
	db_rows_free(rows);
	return DB_OK;
}

static enum db_result
insert(struct db *db, struct arena *a, const struct bounce_report *r,
    const struct bounce_message *m, const struct dsn *dsn, int64_t *bounce)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, r->report);
	db_arg_bytes(args, m->hash, sizeof m->hash);
	db_arg_int(args, m->received_us);
	db_arg_string(args, dsn_class_name(dsn->class));
	db_arg_text(args, dsn->status);
	arg_foreign(args, a, dsn->recipient, SHORT_BYTES);
	db_arg_flag(args, dsn->own);
	arg_foreign(args, a, dsn->diagnostic, LONG_BYTES);
	return db_run_number(db, "bounce_insert", args, bounce);
}

/* Why, for people: "hard bounce of report 7: 5.1.1 ..." */
static void
arg_why(struct db_args *args, struct arena *a, const struct bounce_report *r,
    const struct dsn *dsn)
{
	struct text d = dsn->diagnostic.at == NULL ? TEXT("") : dsn->diagnostic;

	arg_foreign(args, a, text_of(arena_printf(a,
	    "%s bounce of report %lld: %.*s %.*s", dsn_class_name(dsn->class),
	    (long long)r->report, (int)dsn->status.n,
	    dsn->status.at == NULL ? "" : dsn->status.at, (int)d.n, d.at)),
	    LONG_BYTES);
}

static enum db_result
ask_anew(struct db *db, struct arena *a, const struct bounce_report *r)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, r->contact);
	return db_run(db, "bounce_ask_anew", args, NULL);
}

static enum db_result
suspend(struct db *db, struct arena *a, const struct bounce_report *r,
    const struct dsn *dsn, enum bounce_effect *effect)
{
	struct db_args *args = db_args_new(a);
	enum db_result result;
	int64_t n;

	db_arg_int(args, r->contact);
	db_arg_int(args, r->report);
	arg_why(args, a, r, dsn);
	result = db_run_number(db, "bounce_suspend", args, &n);
	if (result != DB_OK || n == 0)
		return result;
	*effect = BOUNCE_SUSPENDED;
	return ask_anew(db, a, r);
}

static enum db_result
count(struct db *db, struct arena *a, const struct bounce_report *r,
    const struct dsn *dsn, int64_t in_a_row, enum bounce_effect *effect)
{
	struct db_args *args = db_args_new(a);
	enum db_result result;
	int64_t n;

	*effect = BOUNCE_COUNTED;
	db_arg_int(args, r->contact);
	db_arg_int(args, r->report);
	arg_why(args, a, r, dsn);
	db_arg_int(args, in_a_row);
	result = db_run_number(db, "bounce_hold", args, &n);
	if (result == DB_OK && n != 0)
		*effect = BOUNCE_HELD;
	return result;
}

static enum db_result
note_effect(struct db *db, struct arena *a, int64_t bounce,
    enum bounce_effect effect)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, bounce);
	db_arg_string(args, bounce_effect_name(effect));
	return db_run(db, "bounce_effect", args, NULL);
}

enum db_result
bounce_rows_bounce(struct db *db, struct arena *a,
    const struct bounce_report *r, const struct bounce_message *m,
    const struct dsn *dsn, int64_t in_a_row, enum bounce_effect *effect)
{
	enum db_result result;
	int64_t bounce;

	*effect = BOUNCE_KNOWN;
	result = insert(db, a, r, m, dsn, &bounce);
	if (result != DB_OK || bounce == 0)
		return result;
	*effect = BOUNCE_NONE;
	switch (dsn->class) {
	case DSN_HARD:
		/* one behind the mailbox may be gone while others read it */
		result = dsn->own ? suspend(db, a, r, dsn, effect)
		                  : count(db, a, r, dsn, in_a_row, effect);
		break;
	case DSN_SOFT:
	case DSN_POLICY:
		result = count(db, a, r, dsn, in_a_row, effect);
		break;
	case DSN_NO_BOUNCE:
	case DSN_DELAYED:
	case DSN_RELAYED:
		break;
	}
	if (result == DB_OK && *effect != BOUNCE_NONE)
		result = note_effect(db, a, bounce, *effect);
	return result;
}

static enum db_result
reply_insert(struct db *db, struct arena *a, const struct bounce_report *r,
    const struct bounce_message *m, const struct reply *reply, int64_t *id)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, r->report);
	db_arg_bytes(args, m->hash, sizeof m->hash);
	db_arg_int(args, m->received_us);
	db_arg_flag(args, m->verified);
	db_arg_flag(args, m->automatic);
	db_arg_string(args, reply_kind_name(reply->kind));
	arg_foreign(args, a, reply->ticket, SHORT_BYTES);
	arg_foreign(args, a, reply->url, LONG_BYTES);
	arg_foreign(args, a, m->sender, SHORT_BYTES);
	arg_foreign(args, a, m->subject, SHORT_BYTES);
	arg_lines(args, a, reply->text);
	return db_run_number(db, "bounce_reply_insert", args, id);
}

static enum db_result
fixed(struct db *db, struct arena *a, const struct bounce_report *r,
    const struct bounce_message *m, int64_t reply)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, r->report);
	db_arg_int(args, reply);
	db_arg_int(args, m->received_us);
	return db_run(db, "bounce_fixed", args, NULL);
}

static enum db_result
not_theirs(struct db *db, struct arena *a, const struct bounce_report *r)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, r->report);
	db_arg_int(args, r->contact);
	return db_run(db, "bounce_ask_anew_of_report", args, NULL);
}

static enum db_result
answered(struct db *db, struct arena *a, const struct bounce_report *r)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, r->contact);
	return db_run(db, "bounce_answered", args, NULL);
}

static enum db_result
reply_effect(struct db *db, struct arena *a, const struct bounce_report *r,
    const struct bounce_message *m, const struct reply *reply, int64_t id)
{
	enum db_result result;

	switch (reply->kind) {
	case REPLY_FIXED:
		result = fixed(db, a, r, m, id);
		return result != DB_OK ? result : answered(db, a, r);
	case REPLY_NOT_OURS:
		return not_theirs(db, a, r);
	case REPLY_FORWARDED:
	case REPLY_HUMAN:
		return answered(db, a, r);
	case REPLY_RECEIPT:
	case REPLY_AWAY:
	case REPLY_FORM:
		break;
	}
	return DB_OK;
}

enum db_result
bounce_rows_reply(struct db *db, struct arena *a,
    const struct bounce_report *r, const struct bounce_message *m,
    const struct reply *reply, bool *stored)
{
	enum db_result result;
	int64_t id;

	*stored = false;
	result = reply_insert(db, a, r, m, reply, &id);
	if (result != DB_OK || id == 0)
		return result;
	*stored = true;
	return m->verified ? reply_effect(db, a, r, m, reply, id) : DB_OK;
}

enum db_result
bounce_rows_refusal(struct db *db, struct arena *a,
    struct bounce_refusal *out)
{
	struct db_rows *rows;
	enum db_result r = db_run(db, "bounce_refusal", NULL, &rows);

	*out = (struct bounce_refusal){0};
	if (r != DB_OK)
		return r;
	if (db_rows_count(rows) != 0)
		*out = (struct bounce_refusal){
		    .event = db_int(rows, 0, 0),
		    .report = {.contact = db_int(rows, 0, 1),
		        .report = db_int(rows, 0, 2),
		        .mailbox = arena_string(a, db_string(rows, 0, 3)),
		        .recipient = arena_string(a, db_string(rows, 0, 4))},
		    .status = text_of(db_is_null(rows, 0, 5) ? NULL
		            : arena_string(a, db_string(rows, 0, 5))),
		    .said = text_of(arena_string(a, db_string(rows, 0, 6))),
		    .at_us = db_int(rows, 0, 7),
		};
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
bounce_rows_judged(struct db *db, struct arena *a,
    const struct bounce_refusal *refusal, const struct dsn *dsn,
    bool *suspended)
{
	struct db_args *args = db_args_new(a), *event = db_args_new(a);
	const struct bounce_report *report = &refusal->report;
	enum db_result r = DB_OK;
	int64_t n = 0;

	db_arg_int(args, report->contact);
	db_arg_int(args, report->report);
	arg_why(args, a, report, dsn);
	db_arg_int(args, refusal->at_us);
	if (dsn->class == DSN_HARD)
		r = db_run_number(db, "bounce_refused", args, &n);
	*suspended = n != 0;
	if (r == DB_OK && n != 0)
		r = ask_anew(db, a, report);
	db_arg_int(event, refusal->event);
	return r == DB_OK ? db_run(db, "bounce_judged", event, NULL) : r;
}

enum db_result
bounce_rows_heard(struct db *db, struct arena *a, enum bounce_heard what)
{
	static const char *const names[] = {[BOUNCE_NO_TOKEN] = "no_token",
	    [BOUNCE_BAD_TOKEN] = "bad_token", [BOUNCE_UNKNOWN] = "unknown",
	    [BOUNCE_UNSENT] = "unsent", [BOUNCE_LATE] = "late",
	    [BOUNCE_AGAIN] = "again"};
	struct db_args *args = db_args_new(a);

	db_arg_string(args, names[what]);
	return db_run(db, "bounce_heard", args, NULL);
}

enum db_result
bounce_rows_escalate(struct db *db, struct arena *a, int64_t after,
    int64_t *n)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, after);
	return db_run_number(db, "bounce_escalate", args, n);
}
