/*
 * One log line, any bytes: no crash, no overread, and whoever is accused is
 * the address that stands where Postfix writes its client: in the first
 * brackets behind the command that was rejected, which is Postfix's word.
 * Among many lines it is what it is alone.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/detect.h"
#include "agent/journal.h"
#include "agent/line.h"
#include "agent/rules.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char rules_text[] =
    "[t.backend]\n"
    "program = postfix*/smtpd\n"
    "kind = backend_failure\n"
    "client = postfix\n"
    "template = warning: {client}: SASL {mech} authentication failed: "
    "Connection lost to authentication server{said}\n"
    "hit = warning: unknown[203.0.113.7]: SASL LOGIN authentication failed: "
    "Connection lost to authentication server\n"
    "ip = 203.0.113.7\nmechanism = LOGIN\n"
    "[t.sasl]\n"
    "program = postfix*/smtpd\n"
    "kind = auth_failure\n"
    "client = postfix\n"
    "no-login = (unavailable)\n"
    "template = warning: {client}: SASL {mech} authentication failed: {said}, "
    "sasl_username={user}\n"
    "hit = warning: unknown[203.0.113.7]: SASL LOGIN authentication failed: "
    "x, sasl_username=y\n"
    "ip = 203.0.113.7\nlogin = y\nmechanism = LOGIN\n"
    "template = warning: {client}: SASL {said}\n"
    "hit = warning: unknown[203.0.113.7]: SASL <LOGIN> authentication failed\n"
    "ip = 203.0.113.7\n"
    "[t.relay]\n"
    "program = postfix*/smtpd\n"
    "kind = relay_denied\n"
    "client = postfix\n"
    "template = {qid}: reject: {word} from {client}: {num} {num} <{again:to}>:"
    " Relay access denied; from=<{path}> to=<{path:to}> proto={word} "
    "helo=<{helo}>\n"
    "hit = NOQUEUE: reject: RCPT from unknown[203.0.113.7]: 554 5.7.1 <a@b>: "
    "Relay access denied; from=<c@d> to=<a@b> proto=ESMTP helo=<h>\n"
    "ip = 203.0.113.7\n"
    "[t.postscreen]\n"
    "program = postfix*/postscreen\n"
    "kind = protocol_abuse\n"
    "template = PREGREET {num} after {num} from {ip}:{port}: {said}\n"
    "hit = PREGREET 14 after 0 from [203.0.113.7]:99: x\n"
    "ip = 203.0.113.7\nport = 99\n";

static struct rules *
load(void)
{
	struct rules *r = rules_new();
	struct buf errors = {0};

	if (rules_add(r, "fuzz", text_of(rules_text), &errors) < 0 ||
	    rules_check(r, &errors) < 0)
		abort();
	buf_free(&errors);
	return r;
}

static void
judge(struct arena *arena, struct text line, const struct event *e)
{
	struct line parsed;
	struct addr truth;
	const char *open, *close;
	size_t left;

	if (!line_parse(line, &parsed) &&
	    !journal_parse(arena, line, &parsed))
		abort();
	open = e->kind == KIND_RELAY_DENIED
	    ? memmem(parsed.message.at, parsed.message.n, " from ", 6)
	    : parsed.message.at;
	if (open == NULL)
		abort();
	left = parsed.message.n - (size_t)(open - parsed.message.at);
	open = memchr(open, '[', left);
	if (open == NULL)
		abort();
	left = parsed.message.n - (size_t)(open - parsed.message.at);
	close = memchr(open, ']', left);
	if (close == NULL ||
	    !addr_parse(
		(struct text){.at = open + 1, .n = (size_t)(close - open) - 1},
		&truth) ||
	    !addr_equal(&truth, &e->source))
		abort();
	if (!text_is_utf8(e->message.at, e->message.n) ||
	    e->message.n > EVENT_MESSAGE_BYTES ||
	    e->login.n > EVENT_TEXT_BYTES || !event_id_is_true(e, text_of("")))
		abort();
}

enum { MANY_BYTES = 1024 }; /* so many are looked at in words */

static struct detect *
opened(const struct rules *rules)
{
	struct detect_options o = {.rules = rules, .zone = "UTC", .site = ""};
	const char *why;
	struct detect *d = detect_open(&o, &why);

	if (d == NULL)
		abort();
	detect_set_now(d, INT64_C(1767225600) * CLOCK_SECOND_US);
	return d;
}

static enum detect_result
one_by_one(struct detect *d, struct text *rest, struct arena *a,
    struct event *out, uint64_t *ignored)
{
	enum detect_result result = DETECT_IGNORED;
	const char *lf;

	while (result == DETECT_IGNORED &&
	       (lf = memchr(rest->at, '\n', rest->n)) != NULL) {
		size_t n = (size_t)(lf - rest->at);

		arena_reset(a);
		result = detect_line(
		    d, (struct text){.at = rest->at, .n = n}, a, out);
		rest->at += n + 1;
		rest->n -= n + 1;
		*ignored += result == DETECT_IGNORED;
	}
	return result;
}

static bool
is_same(const struct event *a, const struct event *b)
{
	return memcmp(a->id, b->id, sizeof a->id) == 0 &&
	       a->time_us == b->time_us && a->kind == b->kind &&
	       a->pid == b->pid && addr_equal(&a->source, &b->source) &&
	       text_equal(a->host, b->host) &&
	       text_equal(a->program, b->program) &&
	       text_equal(a->login, b->login) &&
	       text_equal(a->message, b->message);
}

/* The line several times, at once and one by one. */
static void
judge_many(const struct rules *rules, struct text line)
{
	static struct detect *one, *many;
	static struct arena *a, *b;
	size_t count = 2 + MANY_BYTES / (line.n + 1), n = count * (line.n + 1);
	/* what is read behind its end shows under ASan */
	char *log = malloc(n);
	struct text rest = {.at = log, .n = n};
	struct detect_lines l;
	enum detect_result result;

	if (log == NULL)
		abort();
	if (one == NULL) {
		one = opened(rules);
		many = opened(rules);
		a = arena_open(0);
		b = arena_open(0);
	}
	for (size_t i = 0; i < count; i++) {
		memcpy(log + i * (line.n + 1), line.at, line.n);
		log[(i + 1) * (line.n + 1) - 1] = '\n';
	}
	detect_begin(&l, rest);
	do {
		struct event x, y;
		uint64_t ignored = 0, passed = 0;

		result = detect_lines(many, &l, a, &x, &ignored);
		if (one_by_one(one, &rest, b, &y, &passed) != result ||
		    ignored != passed || l.left.at != rest.at ||
		    (result == DETECT_EVENT && !is_same(&x, &y)))
			abort();
	} while (result != DETECT_IGNORED);
	free(log);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rules *rules;
	struct text line = {.at = (const char *)data, .n = size};
	static struct detect *detect;
	static struct arena *arena;
	enum detect_result first;
	struct event e;

	if (rules == NULL) {
		rules = load();
		arena = arena_open(0);
		detect = opened(rules);
	}
	arena_reset(arena);
	first = detect_line(detect, line, arena, &e);
	if (first == DETECT_EVENT)
		judge(arena, line, &e);
	/* now it is a line like the one before */
	if (detect_line(detect, line, arena, &e) != first)
		abort();
	if (first == DETECT_EVENT)
		judge(arena, line, &e);
	judge_many(rules, line);
	return 0;
}
