/* Protects our own users, when the login server of a mail server is away:
 * what its process said just before makes a refusal our own failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/detect.h"
#include "agent/rules.h"
#include "proto/base/arena.h"
#include "proto/event.h"

static const char rules_text[] =
    "[t.away]\n"
    "program = smtpd\n"
    "session = away\n"
    "template = no login server: {rest}\n"
    "hit = no login server: Connection refused\n"
    "[t.excused]\n"
    "program = smtpd\n"
    "kind = auth_failure\n"
    "session = excused\n"
    "template = no reason for {ip}\n"
    "hit = no reason for 203.0.113.7\n"
    "ip = 203.0.113.7\n";

static struct rules *rules;
static struct arena *arena;

static struct detect *
opened(void)
{
	struct detect_options o = {
	    .rules = rules, .zone = "UTC", .site = "mx1"};
	const char *why;
	struct detect *d = detect_open(&o, &why);

	assert_non_null(d);
	detect_set_now(d, INT64_C(1780000000000000));
	return d;
}

/* The kind of the event that comes of it. */
static enum kind
kind_of(struct detect *d, const char *host, int pid, const char *message)
{
	const char *line = arena_printf(
	    arena, "Mar  1 10:00:00 %s smtpd[%d]: %s", host, pid, message);
	struct event e;

	return detect_line(d, text_of(line), arena, &e) == DETECT_EVENT
	           ? e.kind
	           : KIND_NONE;
}

static const char away[] = "no login server: Connection refused";
static const char failure[] = "no reason for 203.0.113.7";

static void
once_and_only_that_process(void **state)
{
	struct detect *d = opened();

	(void)state;
	assert_int_equal(kind_of(d, "mx1", 7, failure), KIND_AUTH_FAILURE);
	assert_int_equal(kind_of(d, "mx1", 7, away), KIND_NONE);
	assert_int_equal(kind_of(d, "mx2", 7, failure), KIND_AUTH_FAILURE);
	assert_int_equal(kind_of(d, "mx1", 8, failure), KIND_AUTH_FAILURE);
	assert_int_equal(kind_of(d, "mx1", 7, failure), KIND_BACKEND_FAILURE);
	assert_int_equal(kind_of(d, "mx1", 7, failure), KIND_AUTH_FAILURE);
	detect_close(d);
}

static void
over_a_restart(void **state)
{
	struct detect *d = opened(), *other = opened();
	struct buf saved = {0};

	(void)state;
	assert_int_equal(kind_of(d, "mx1", 7, away), KIND_NONE);
	detect_save(d, &saved);
	assert_int_equal(
	    detect_load(other, (struct text){.at = saved.data, .n = saved.n}),
	    0);
	assert_int_equal(
	    kind_of(other, "mx1", 7, failure), KIND_BACKEND_FAILURE);
	buf_free(&saved);
	detect_close(other);
	detect_close(d);
}

static void
by_a_client(void **state)
{
	struct detect *d = opened();

	(void)state;
	assert_int_equal(
	    kind_of(d, "mx1", 7, "x no login server: Connection refused"),
	    KIND_NONE);
	assert_int_equal(kind_of(d, "mx1", 7, failure), KIND_AUTH_FAILURE);
	detect_close(d);
}

static int
begin(void **state)
{
	struct buf errors = {0};

	(void)state;
	rules = rules_new();
	arena = arena_open(0);
	assert_int_equal(
	    rules_add(rules, "t", text_of(rules_text), &errors), 0);
	assert_int_equal(rules_check(rules, &errors), 0);
	buf_free(&errors);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	arena_close(arena);
	rules_close(rules);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(once_and_only_that_process),
	    cmocka_unit_test(over_a_restart),
	    cmocka_unit_test(by_a_client),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
