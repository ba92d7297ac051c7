/* Protects who gets a complaint: only a text that is exactly a mailbox is
 * one, nothing is repaired, and all spellings of one mailbox are one key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hub/lookup/mailbox.h"
#include "tests/unit/arena_fixture.h"

#define SIXTY_FOUR                                                             \
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"
#define SIXTY_THREE                                                            \
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"

static const struct {
	const char *text, *address, *key;
} good[] = {
    {"abuse@isp.example", "abuse@isp.example", "abuse@isp.example"},
    {"Abuse@ISP.Example", "Abuse@isp.example", "abuse@isp.example"},
    {"abuse+1@isp.example", "abuse+1@isp.example", "abuse@isp.example"},
    {"ABUSE+a+b@isp.example", "ABUSE+a+b@isp.example", "abuse@isp.example"},
    {"+x@isp.example", "+x@isp.example", "+x@isp.example"},
    {"a.+1@isp.example", "a.+1@isp.example", "a@isp.example"},
    {"a+@isp.example", "a+@isp.example", "a@isp.example"},
    {"abuse_desk@isp.example", "abuse_desk@isp.example",
        "abuse_desk@isp.example"},
    {"network.abuse@isp.example", "network.abuse@isp.example",
        "network.abuse@isp.example"},
    {"noc-team=x@a-b.isp.example", "noc-team=x@a-b.isp.example",
        "noc-team=x@a-b.isp.example"},
    {"o'neill@isp.example", "o'neill@isp.example", "o'neill@isp.example"},
    {"1@2.example", "1@2.example", "1@2.example"},
    {SIXTY_FOUR "@isp.example", SIXTY_FOUR "@isp.example",
        SIXTY_FOUR "@isp.example"},
    {"a@" SIXTY_THREE ".example", "a@" SIXTY_THREE ".example",
        "a@" SIXTY_THREE ".example"},
    {"abuse@bücher.example", "abuse@xn--bcher-kva.example",
        "abuse@xn--bcher-kva.example"},
    {"Abuse@xn--BCHER-kva.example", "Abuse@xn--bcher-kva.example",
        "abuse@xn--bcher-kva.example"},
    {"abuse@例え.example", "abuse@xn--r8jz45g.example",
        "abuse@xn--r8jz45g.example"},
    {"abuse@a.b.c.d.e.f.g.example", "abuse@a.b.c.d.e.f.g.example",
        "abuse@a.b.c.d.e.f.g.example"},
    {"abuse@example.co.uk", "abuse@example.co.uk", "abuse@example.co.uk"},
    {"abuse@notripe.net", "abuse@notripe.net", "abuse@notripe.net"},
    {"removed2@isp.example", "removed2@isp.example", "removed2@isp.example"},
    {"root@isp.example", "root@isp.example", "root@isp.example"},
};

static const char *const bad[] = {
    "", "@", "abuse", "abuse@", "@isp.example", "abuse@@isp.example",
    "a@b@isp.example", "abuse@isp.example@x.example", " abuse@isp.example",
    "abuse@isp.example ", "abuse @isp.example", "abuse@ isp.example",
    "abuse@isp .example", "abuse@isp.example.", "abuse@.isp.example",
    "abuse@isp..example", "abuse@-isp.example", "abuse@isp-.example",
    "abuse@isp_x.example", "abuse@isp.example\r\nBcc: ceo@victim.example",
    "abuse@isp.example\nx", "abuse@isp.example\t", "\tabuse@isp.example",
    "<abuse@isp.example>", "<abuse@isp.example>\r\nBcc: x@y.example",
    "Abuse <abuse@isp.example>", "abuse@isp.example (desk)",
    "(desk)abuse@isp.example", "\"abuse\"@isp.example",
    "\"a b\"@isp.example", "a\"b@isp.example", "a\\b@isp.example",
    "a,b@isp.example", "a@isp.example,b@isp.example",
    "a@isp.example, b@isp.example", "a@isp.example;b@isp.example",
    "@x.example,@y.example:z@w.example", "@x.example:z@w.example",
    "x%isp.example@relay.example", "isp.example!x@relay.example",
    "mailto:abuse@isp.example", "group:a@isp.example;", ".a@isp.example",
    "a.@isp.example", "a..b@isp.example", "-a@isp.example", "a@[192.0.2.1]",
    "a@192.0.2.1", "a@[IPv6:2001:db8::1]", "a@2001:db8::1", "a@1.2",
    SIXTY_FOUR "x@isp.example", "a@x" SIXTY_THREE ".example",
    "abus\xc3\xa9@isp.example", "\xd0\xb0" "buse@isp.example",
    "abuse@isp\xff.example", "abuse@isp\xc3.example",
    /* full-width letters, dot and at sign: TR46 would make them fit */
    "abuse@\xef\xbd\x89sp.example", "abuse@isp\xef\xbc\x8e" "example",
    "abuse\xef\xbc\xa0isp.example", "abuse@isp\xe3\x80\x82" "example",
    /* zero-width space, bidirectional override, soft hyphen, no-break */
    "abuse@isp\xe2\x80\x8b.example", "abuse@\xe2\x80\xaeisp.example",
    "abuse@i\xc2\xadsp.example", "abuse@isp.example\xc2\xa0",
    "\xef\xbb\xbf" "abuse@isp.example", "abuse@xn--.example",
    "abuse@xn--a\x80.example", "abuse@B\xc3\x9c" "cher.example",
    "abuse@isp.example\x1b]0;x\x07", "abuse\x7f@isp.example",
    "abuse@isp.example?subject=x", "abuse@isp.example/x", "a b@isp.example",
    "abuse@isp.ex ample", "DATA REDACTED", "Abusix ContactDB Test point",
    "http://isp.example/abuse@form", "abuse at isp dot example",
    "abuse@isp.example#", "abuse@", "abuse@%0d%0a", "a@b,c", "a@b'c.example",
};

static const char *const refused[] = {
    "root@localhost", "abuse@localhost", "a@localhost.localdomain", "a@isp",
    "a@isp.invalid", "a@mail.local", "a@1.0.0.127.in-addr.arpa",
    "a@x.onion",
};

static enum mailbox_result
parse(const char *s, size_t n, struct mailbox *m)
{
	const char *why;
	enum mailbox_result r = mailbox_parse(arena,
	    (struct text){.at = s, .n = n}, m, &why);

	if ((r == MAILBOX_GOOD) != (why == NULL))
		fail_msg("\"%s\" has a wrong reason", s);
	return r;
}

static void
test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct mailbox m, again;

		if (parse(good[i].text, strlen(good[i].text), &m) !=
		    MAILBOX_GOOD)
			fail_msg("\"%s\" was rejected", good[i].text);
		assert_string_equal(m.address, good[i].address);
		assert_string_equal(m.key, good[i].key);
		assert_string_equal(m.domain, strchr(m.key, '@') + 1);
		/* both forms are mailboxes of the same key again */
		assert_int_equal(parse(m.address, strlen(m.address), &again),
		    MAILBOX_GOOD);
		assert_string_equal(again.key, m.key);
		assert_string_equal(again.address, m.address);
		assert_int_equal(parse(m.key, strlen(m.key), &again),
		    MAILBOX_GOOD);
		assert_string_equal(again.key, m.key);
	}
}

static void
test_bad(void **state)
{
	struct mailbox m;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (parse(bad[i], strlen(bad[i]), &m) != MAILBOX_MALFORMED)
			fail_msg("\"%s\" was accepted", bad[i]);
}

static void
test_refused(void **state)
{
	struct mailbox m;

	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		if (parse(refused[i], strlen(refused[i]), &m) !=
		    MAILBOX_REFUSED)
			fail_msg("\"%s\" was not refused", refused[i]);
}

static void
test_lengths(void **state)
{
	static char big[65536];
	struct mailbox m;
	size_t n;

	(void)state;
	memset(big, 'a', sizeof big);
	assert_int_equal(parse(big, sizeof big, &m), MAILBOX_MALFORMED);
	big[10] = '@';
	assert_int_equal(parse(big, sizeof big, &m), MAILBOX_MALFORMED);
	memset(big, '@', sizeof big);
	assert_int_equal(parse(big, sizeof big, &m), MAILBOX_MALFORMED);
	/* 254 bytes are the most, by labels of allowed length */
	n = (size_t)snprintf(big, sizeof big, "%s@", SIXTY_FOUR);
	while (n < 254)
		n += (size_t)snprintf(big + n, sizeof big - n, "%c",
		    (n - 64) % 50 == 0 ? '.' : 'b');
	assert_int_equal(parse(big, 254, &m), MAILBOX_GOOD);
	big[254] = 'b';
	assert_int_equal(parse(big, 255, &m), MAILBOX_MALFORMED);
}

static void
test_every_byte(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		char local[] = "ab?cd@isp.example";
		char domain[] = "ab@is?p.example";
		struct mailbox m;
		bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		    (c >= 'A' && c <= 'Z');

		local[2] = domain[5] = (char)c;
		assert_int_equal(
		    parse(local, sizeof local - 1, &m) == MAILBOX_GOOD,
		    alnum || (c != 0 && strchr(".#$&'*+-/=?^_`{|}~", c)));
		assert_int_equal(
		    parse(domain, sizeof domain - 1, &m) == MAILBOX_GOOD,
		    alnum || c == '-' || c == '.');
	}
}

static void
test_within(void **state)
{
	struct mailbox m;

	(void)state;
	assert_int_equal(parse("a@mx.isp.example", 16, &m), MAILBOX_GOOD);
	assert_true(mailbox_is_within(&m, "mx.isp.example"));
	assert_true(mailbox_is_within(&m, "ISP.example"));
	assert_true(mailbox_is_within(&m, "example"));
	assert_false(mailbox_is_within(&m, "sp.example"));
	assert_false(mailbox_is_within(&m, "a.mx.isp.example"));
	assert_false(mailbox_is_within(&m, ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_every_byte),
	    cmocka_unit_test(test_within),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
