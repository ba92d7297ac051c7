/* Protects what is remembered of a claim: the plan names the file, and a plan
 * of the other kind names none; and which relays are taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/conf.h"
#include "hub/deliver/smtp.h"
#include "hub/deliver/transport.h"
#include "proto/base/arena.h"

static void
plans(void **state)
{
	struct arena *a = arena_open(0);
	struct hub_conf conf = {.deliver_mail_folder = "/var/mail folder",
	    .deliver_relay = "smtp://127.0.0.1:25"};
	const char *plan = transport_plan(&conf, a);

	(void)state;
	assert_string_equal(transport_plan_file(plan, "4f0c", a),
	    "/var/mail folder/4f0c.eml");
	conf.deliver_live = true;
	plan = transport_plan(&conf, a);
	assert_null(transport_plan_file(plan, "4f0c", a));
	assert_null(transport_plan_file("", "4f0c", a));
	assert_null(transport_plan_file("450 not now", "4f0c", a));
	arena_close(a);
}

static void
relays(void **state)
{
	static const char *const good[] = {"smtp://127.0.0.1",
	    "smtp://127.0.0.1:2525", "smtp://localhost:25/", "smtp://[::1]:25",
	    "smtps://mail.example:465"};
	static const char *const bad[] = {"", "127.0.0.1", "http://127.0.0.1",
	    "file:///etc/passwd", "smtp://", "smtp://u@127.0.0.1",
	    "smtp://u:p@127.0.0.1", "smtp://127.0.0.1/hello",
	    "smtp://127.0.0.1:99999", "smtp://a b", "gopher://127.0.0.1:25"};
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(smtp_relay_is_good(good[i], &why));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(smtp_relay_is_good(bad[i], &why));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plans),
	    cmocka_unit_test(relays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
