/* From a line to an event; see detect.h. */
#include "agent/detect.h"

#include <stdlib.h>
#include <string.h>

#include "agent/attempt.h"
#include "agent/detect_inside.h"
#include "agent/journal.h"
#include "agent/ordinal.h"
#include "agent/pieces.h"
#include "agent/rules_filter.h"
#include "agent/search.h"
#include "agent/session.h"
#include "agent/zone.h"
#include "proto/base/arena.h"
#include "proto/base/die.h"

enum {
	SAVED_VERSION = 3,
};

struct detect *
detect_open(const struct detect_options *o, const char **why)
{
	struct zone *zone = zone_open(o->zone, why);
	struct detect *d;

	if (zone == NULL)
		return NULL;
	d = calloc(1, sizeof *d);
	if (d == NULL || (d->site = strdup(o->site)) == NULL)
		die(71, "detect: out of memory");
	if (o->host != NULL && (d->host = strdup(o->host)) == NULL)
		die(71, "detect: out of memory");
	d->views = calloc(DETECT_VIEWS, sizeof *d->views);
	if (d->views == NULL)
		die(71, "detect: out of memory");
	d->rules = o->rules;
	d->brief = o->brief;
	d->outer_only = o->outer_only;
	d->zone = zone;
	d->ordinals = ordinals_open();
	d->pieces = pieces_open();
	d->attempts = attempts_open();
	d->sessions = sessions_open();
	d->read_bytes = SESSION_BYTES;
	memcpy(d->dovecot, "dovecot", sizeof "dovecot");
	stamp_init(&d->stamps, zone);
	return d;
}

static void
forget_views(struct detect *d)
{
	for (size_t i = 0; i < DETECT_VIEWS; i++) {
		rules_view_close(d->views[i].view);
		d->views[i] = (struct detect_known){0};
	}
	d->view_count = 0;
	/* they point there */
	memset(d->processes, 0, sizeof d->processes);
}

void
detect_close(struct detect *d)
{
	if (d == NULL)
		return;
	forget_views(d);
	free(d->views);
	ordinals_close(d->ordinals);
	pieces_close(d->pieces);
	attempts_close(d->attempts);
	sessions_close(d->sessions);
	zone_close(d->zone);
	free(d->site);
	free(d->host);
	free(d);
}

void
detect_set_now(struct detect *d, int64_t now_us)
{
	stamp_set_bound(&d->stamps, now_us);
}

void
detect_set_order(struct detect *d, const struct line *lines, size_t n)
{
	stamp_order(&d->stamps, lines, n);
}

static uint64_t
load(const char *s)
{
	uint64_t w;

	memcpy(&w, s, sizeof w);
	return w;
}

static size_t
slot_of(struct text program)
{
	uint64_t first = 0, last = 0;

	if (program.n >= sizeof first) {
		first = load(program.at);
		last = load(program.at + program.n - sizeof last);
	} else {
		memcpy(&first, program.at, program.n);
	}
	return detect_slot(program.n, first, last);
}

static bool
is_known(const struct detect_known *k, struct text program)
{
	const char *a = k->program, *b = program.at;
	size_t n = program.n;

	if (k->n != n)
		return false;
	if (n < 8 || n > 24)
		return memcmp(a, b, n) == 0;
	/* words that may overlap */
	return ((load(a) ^ load(b)) | (load(a + n - 8) ^ load(b + n - 8))) ==
	           0 &&
	       (n <= 16 || load(a + 8) == load(b + 8));
}

/* The first of its lines, or a name that shares its slot.  NULL for a name
 * that is no program's. */
static const struct detect_known *
know(struct detect *d, struct text program)
{
	size_t i = slot_of(program);

	if (program.n > DETECT_PROGRAM_BYTES)
		return NULL;
	for (; d->views[i].n > 0; i = (i + 1) & (DETECT_VIEWS - 1))
		if (is_known(&d->views[i], program))
			return &d->views[i];
	/* a log with that many programs is not one of a mail server */
	if (d->view_count == DETECT_VIEWS / 2) {
		forget_views(d);
		i = slot_of(program);
	}
	d->view_count++;
	d->views[i].n = program.n;
	memcpy(d->views[i].program, program.at, program.n);
	if (d->outer_only)
		d->views[i].view = rules_view_open_outer(d->rules, program);
	else
		d->views[i].view = rules_view_open(d->rules, program);
	d->views[i].filter = rules_view_filter(d->views[i].view);
	return &d->views[i];
}

static inline const struct rules_view *
view_of(struct detect *d, struct text program)
{
	const struct detect_known *k = &d->views[slot_of(program)];

	if (!is_known(k, program))
		k = know(d, program);
	return k == NULL ? NULL : k->view;
}

void
detect_keep_process(struct detect *d, struct text message, size_t n)
{
	struct line_found found = {
	    .program = TEXT("dovecot"), .message = message};
	struct detect_process *p;
	uint64_t first = 0;

	memcpy(&first, message.at, n < sizeof first ? n : sizeof first);
	p = &d->processes[detect_process_slot(n, first)];
	p->n = 0;
	/* "dovecot: " may be there twice */
	for (size_t i = 0; i < n; i++)
		if (!line_is_process_sign(message.at[i]))
			return;
	if (text_is((struct text){.at = message.at, .n = n}, "dovecot") ||
	    !line_again_take_daemon(&found))
		return;
	p->known = know(d, found.program);
	if (p->known == NULL)
		return;
	p->n = n;
	memcpy(p->name, message.at, n);
}

/* The message without the password that Dovecot logs when it is told to
 * (auth_verbose_passwords).  A password may hold anything, so all behind it
 * goes with it. */
static struct text
without_password(struct arena *a, struct text message)
{
	static const char mark[] = "given password: ", removed[] = "(removed)";
	const char *at = search(message,
	    (struct text){.at = mark, .n = sizeof mark - 1});
	size_t kept;
	char *copy;

	if (at == NULL)
		return message;
	kept = (size_t)(at - message.at) + sizeof mark - 1;
	copy = arena_alloc(a, kept + sizeof removed);
	memcpy(copy, message.at, kept);
	memcpy(copy + kept, removed, sizeof removed);
	return (struct text){.at = copy, .n = kept + sizeof removed - 1};
}

/* Itself, when there is nothing to clean. */
static inline struct text
clean(const struct detect *d, struct arena *a, struct text t, size_t max_bytes)
{
	if (t.n <= max_bytes && (d->is_ascii || text_is_utf8(t.at, t.n)))
		return t;
	return text_clean(a, t, max_bytes);
}

/* The service that the rule names; "*" at its end is the program without the
 * folders in front of it. */
static struct text
service_of(const struct detect *d, struct arena *a, struct text program,
    struct text named)
{
	const char *slash;

	if (named.at == NULL)
		return clean(d, a, program, EVENT_TEXT_BYTES);
	if (named.at[named.n - 1] != '*')
		return named;
	slash = memrchr(program.at, '/', program.n);
	if (slash != NULL) {
		program.n -= (size_t)(slash + 1 - program.at);
		program.at = slash + 1;
	}
	return clean(d, a,
	    text_of(arena_printf(a, "%.*s%.*s", (int)(named.n - 1), named.at,
		(int)program.n, program.at)),
	    EVENT_TEXT_BYTES);
}

static void
fill(const struct detect *d, struct arena *a, const struct line *line,
    const struct rule *rule, const struct match *m, struct event *out)
{
	enum { MOST = EVENT_TEXT_BYTES };
	struct text login = m->login;

	if (rule->no_login.at != NULL && text_equal(login, rule->no_login))
		login = (struct text){0};
	/* all members by name: clearing them first takes longer */
	memset(out->id, 0, sizeof out->id);
	out->read_us = d->stamps.bound_us;
	out->kind = d->excused ? KIND_BACKEND_FAILURE : rule->kind;
	out->source = m->source;
	out->source_port = m->source_port;
	out->local = m->local;
	out->local_port = m->local_port;
	out->ordinal = 0;
	out->pid = line->pid;
	out->host = clean(d, a,
	    line->host.at != NULL ? line->host : text_of(d->host), MOST);
	out->program = clean(d, a, line->program, MOST);
	out->service = service_of(d, a, line->program, rule->service);
	out->ptr = clean(d, a, m->ptr, MOST);
	out->login = clean(d, a, login, d->brief ? LINE_BYTES : MOST);
	out->mechanism = clean(d, a, m->mechanism, MOST);
	out->rule = text_of(rule->name);
	out->message = (struct text){0};
	if (!d->brief)
		out->message = clean(d, a, without_password(a, line->message),
		    EVENT_MESSAGE_BYTES);
}

/* What the line does for its session; true if an event comes of it, with
 * the client in *m. */
static bool
take_session(struct detect *d, const struct line *line,
    const struct rule *rule, int64_t time_us, struct match *m)
{
	struct session_line one = {.host = line->host,
	    .program = line->program,
	    .id = m->qid,
	    .pid = line->pid,
	    .time_us = time_us,
	    .at_bytes = d->read_bytes};

	d->excused = false;
	/* no {qid} is that */
	if (rule->session == RULE_AWAY || rule->session == RULE_EXCUSED)
		one.id = TEXT("*");
	switch (rule->session) {
	case RULE_ALONE:
		return true;
	case RULE_BEGINS:
		session_begin(d->sessions, &one, m);
		return false;
	case RULE_INSIDE:
		return session_client(d->sessions, &one, m);
	case RULE_MARKS:
	case RULE_AWAY:
		session_mark(d->sessions, &one);
		return false;
	case RULE_EXCUSED:
		d->excused = session_take_mark(d->sessions, &one);
		return true;
	case RULE_MARKED:
		return session_take_mark(d->sessions, &one);
	case RULE_ENDS:
		session_end(d->sessions, &one);
		return false;
	}
	return false;
}

/* Apart, and with its own copy, so that others stay in registers. */
__attribute__((noinline)) static bool
daemon_is_nothing(struct detect *d, struct text line, struct line_found found)
{
	const struct rules_view *view;

	if (!line_again_message(line, &found) ||
	    !line_again_take_daemon(&found))
		return false;
	view = view_of(d, found.program);
	if (view != NULL)
		d->rule = rules_find(view, found.message, &d->match);
	return d->rule == NULL;
}

/* Most lines: the header as before, and no form that fits.  False when the
 * line is to be looked at in full; then d->rule may be the rule it fits, with
 * d->match. */
static inline bool
is_nothing(struct detect *d, struct text line)
{
	const struct rules_view *view;
	struct line_found found;

	if (!line_again(&d->again, line, &found))
		return false;
	if (d->again.form == LINE_RFC3164 &&
	    !stamp_again(&d->stamps, found.second))
		return false;
	if (line_again_has_daemon(&found))
		return daemon_is_nothing(d, line, found);
	view = view_of(d, found.program);
	if (view == NULL)
		return true;
	if (!line_again_message(line, &found))
		return false;
	d->rule = rules_find(view, found.message, &d->match);
	return d->rule == NULL;
}

enum detect_result
detect_take(struct detect *d, const struct line *parsed, struct arena *a,
    struct event *out)
{
	const struct rule *rule = d->rule;

	if (!stamp_time(&d->stamps, parsed, &out->time_us))
		return DETECT_UNPARSABLE;
	if (!take_session(d, parsed, rule, out->time_us, &d->match))
		return DETECT_IGNORED;
	fill(d, a, parsed, rule, &d->match, out);
	if (d->brief)
		return DETECT_EVENT;
	if (rule->attempt != RULE_NO_ATTEMPT &&
	    attempts_is_told(d->attempts, rule->attempt, out,
		d->match.session))
		return DETECT_TOLD;
	event_make_id(out, text_of(d->site));
	out->ordinal = ordinals_next(d->ordinals, out);
	if (out->ordinal > 0)
		event_make_id(out, text_of(d->site));
	return DETECT_EVENT;
}

/* Apart, so that a line that is nothing does not pay for its stack. */
__attribute__((noinline)) static enum detect_result
look_in_full(
    struct detect *d, struct text line, struct arena *a, struct event *out)
{
	const struct rule *rule = d->rule;
	const struct rules_view *view;
	struct line parsed;
	int64_t time_us;

	if ((!line_parse(line, &parsed) &&
		!journal_parse(a, line, &parsed)) ||
	    !stamp_see(&d->stamps, &parsed)) {
		line_again_drop(&d->again);
		return DETECT_UNPARSABLE;
	}
	line_again_keep(&d->again, line, &parsed);
	if (parsed.piece > 0 && (!stamp_time(&d->stamps, &parsed, &time_us) ||
	        !pieces_take(d->pieces, &parsed, time_us, a,
	            &parsed.message)))
		return DETECT_IGNORED;
	if (rule == NULL) {
		view = view_of(d, parsed.program);
		if (view != NULL)
			rule = rules_find(view, parsed.message, &d->match);
	}
	d->rule = rule;
	if (rule == NULL)
		return DETECT_IGNORED;
	return detect_take(d, &parsed, a, out);
}

enum detect_result
detect_line(
    struct detect *d, struct text line, struct arena *a, struct event *out)
{
	d->read_bytes += line.n + 1;
	d->rule = NULL;
	d->is_ascii = false;
	if (line.n > LINE_BYTES || is_nothing(d, line))
		return DETECT_IGNORED;
	return look_in_full(d, line, a, out);
}

const struct rule *
detect_rule(const struct detect *d)
{
	return d->rule;
}

static void
put_length(struct buf *out, size_t n)
{
	for (int i = 4; i-- > 0;)
		buf_putc(out, (char)(unsigned char)(n >> (8 * i)));
}

/* Takes a length and so many bytes from the beginning of *bytes. */
static bool
take_part(struct text *bytes, struct text *part)
{
	size_t n = 0;

	if (bytes->n < 4)
		return false;
	for (size_t i = 0; i < 4; i++)
		n = n << 8 | (unsigned char)bytes->at[i];
	if (n > bytes->n - 4)
		return false;
	*part = (struct text){.at = bytes->at + 4, .n = n};
	*bytes = (struct text){
	    .at = bytes->at + 4 + n, .n = bytes->n - 4 - n};
	return true;
}

void
detect_save(const struct detect *d, struct buf *out)
{
	uint64_t last = (uint64_t)d->stamps.last_s;
	struct buf sessions = {0}, pieces = {0};

	buf_putc(out, SAVED_VERSION);
	for (int i = 8; i-- > 0;)
		buf_putc(out, (char)(unsigned char)(last >> (8 * i)));
	sessions_save(d->sessions, d->read_bytes, &sessions);
	put_length(out, sessions.n);
	buf_add(out, sessions.data, sessions.n);
	buf_free(&sessions);
	pieces_save(d->pieces, &pieces);
	put_length(out, pieces.n);
	buf_add(out, pieces.data, pieces.n);
	buf_free(&pieces);
	ordinals_save(d->ordinals, out);
}

int
detect_load(struct detect *d, struct text bytes)
{
	enum { HEAD = 9 };
	struct text sessions, pieces;
	uint64_t last = 0;

	if (bytes.n < HEAD || bytes.at[0] != SAVED_VERSION)
		return -1;
	for (size_t i = 1; i < HEAD; i++)
		last = last << 8 | (unsigned char)bytes.at[i];
	bytes = (struct text){.at = bytes.at + HEAD, .n = bytes.n - HEAD};
	if (!take_part(&bytes, &sessions) || !take_part(&bytes, &pieces) ||
	    sessions_load(d->sessions, d->read_bytes, sessions) < 0 ||
	    pieces_load(d->pieces, pieces) < 0)
		return -1;
	d->stamps.last_s = (int64_t)last;
	return ordinals_load(d->ordinals, bytes);
}
