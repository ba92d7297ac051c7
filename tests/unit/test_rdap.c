/* Protects whoever has a mailbox: only a mailbox of an abuse entity, in a well
 * formed answer for the address asked, is taken; what is malformed is left
 * out and crashes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/lookup/ask.h"
#include "hub/lookup/document.h"
#include "hub/lookup/rdap.h"
#include "proto/base/addr.h"
#include "tests/unit/arena_fixture.h"

#define RANGE                                                            \
	"\"objectClassName\":\"ip network\",\"startAddress\":\"192.0.2.0\"," \
	"\"endAddress\":\"192.0.2.255\","
#define ABUSE(card)                                          \
	"{" RANGE "\"entities\":[{\"roles\":[\"abuse\"]," \
	"\"vcardArray\":" card "}]}"
#define MAIL(value) \
	ABUSE("[\"vcard\",[[\"email\",{},\"text\"," value "]]]")

static enum rdap_result
read_for(const char *asked, int status, const void *bytes, size_t n,
    struct rdap *out, const char **why)
{
	/* of just that size, so that sanitizers see overreads */
	char *exact = malloc(n == 0 ? 1 : n);
	enum rdap_result r;
	struct addr a;

	assert_non_null(exact);
	assert_true(addr_parse(text_of(asked), &a));
	memcpy(exact, bytes, n);
	r = rdap_read(arena, status, exact, n, &a, out, why);
	free(exact);
	return r;
}

static enum rdap_result
read_text(const char *json, struct rdap *out, const char **why)
{
	return read_for("192.0.2.7", 200, json, strlen(json), out, why);
}

static void
expect(const char *json, enum rdap_result want, const char *words)
{
	struct rdap out;
	const char *why;

	if (read_text(json, &out, &why) != want || strcmp(why, words) != 0)
		fail_msg("%s: %s", json, why);
	assert_int_equal(out.mailboxes_n, 0);
	if (want == RDAP_FAILED)
		assert_int_equal(out.start.family, 0);
}

static void
test_found(void **state)
{
	struct rdap out;
	const char *why;
	char s[ADDR_TEXT_BYTES];

	(void)state;
	assert_int_equal(read_text(MAIL("\"a@isp.example\""), &out, &why),
	    RDAP_FOUND);
	assert_int_equal(out.mailboxes_n, 1);
	assert_true(text_is(out.mailboxes[0], "a@isp.example"));
	assert_true(text_is(out.said, "a@isp.example"));
	assert_string_equal(addr_format(s, &out.start), "192.0.2.0");
	assert_string_equal(addr_format(s, &out.end), "192.0.2.255");
	assert_string_equal(out.country, "");
	assert_null(out.handle.at);
}

/* In its depth, whatever stands around it. */
static void
test_depth(void **state)
{
	struct rdap out;
	const char *why;

	(void)state;
	assert_int_equal(read_text("{" RANGE "\"entities\":[{\"entities\":["
	    "{\"roles\":[\"Abuse\"],\"vcardArray\":[\"vcard\",[[\"email\",{},"
	    "\"text\",\"deep@isp.example\"]]]}],\"roles\":[\"registrant\"],"
	    "\"vcardArray\":[\"vcard\",[[\"email\",{},\"text\","
	    "\"holder@isp.example\"]]]},{\"roles\":[\"technical\",\"abuse\"],"
	    "\"vcardArray\":[\"vcard\",[[\"EMAIL\",{},\"text\","
	    "\"near@isp.example\"]]]}]}", &out, &why), RDAP_FOUND);
	assert_int_equal(out.mailboxes_n, 2);
	assert_true(text_is(out.mailboxes[0], "near@isp.example"));
	assert_true(text_is(out.mailboxes[1], "deep@isp.example"));
	assert_true(text_is(out.said,
	    "near@isp.example | deep@isp.example"));
}

static void
test_preference(void **state)
{
	struct rdap out;
	const char *why;

	(void)state;
	assert_int_equal(read_text(ABUSE("[\"vcard\",["
	    "[\"email\",{},\"text\",\"5@x.example\"],"
	    "[\"email\",{\"pref\":\"101\"},\"text\",\"6@x.example\"],"
	    "[\"email\",{\"pref\":7},\"text\",\"4@x.example\"],"
	    "[\"email\",{\"pref\":\"2\"},\"text\",\"3@x.example\"],"
	    "[\"email\",{\"pref\":[\"1\"]},\"text\",\"7@x.example\"],"
	    "[\"email\",{\"type\":[\"work\",\"ABUSE\"]},\"text\","
	    "\"2@x.example\"],"
	    "[\"email\",{\"type\":\"abuse\",\"pref\":\"50\"},\"text\","
	    "\"1@x.example\"]]]"), &out, &why), RDAP_FOUND);
	assert_int_equal(out.mailboxes_n, 7);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(out.mailboxes[i].at[0], '1' + (int)i);
}

static void
test_nobody(void **state)
{
	static const char *const cards[] = {"null", "1", "\"vcard\"", "{}",
	    "[]", "[\"vcard\"]", "[\"vcard\",{}]", "[\"vcard\",[1,[],{}]]",
	    "[\"card\",[[\"email\",{},\"text\",\"v@x.example\"]]]",
	    "[\"vcard\",[[\"email\",{},\"text\"]]]",
	    "[\"vcard\",[[\"email\",{},\"text\",[\"v@x.example\"]]]]",
	    "[\"vcard\",[[\"email\",{},\"text\",7]]]",
	    "[\"vcard\",[[\"email\",{},\"uri\",\"v@x.example\"]]]",
	    "[\"vcard\",[[\"email\",[],\"text\",\"v@x.example\"]]]",
	    "[\"vcard\",[[\"email\",null,\"text\",\"v@x.example\"]]]",
	    "[\"vcard\",[[\"email\",{},\"text\",\"v@x.example\",\"w\"]]]",
	    "[\"vcard\",[[7,{},\"text\",\"v@x.example\"]]]",
	    "[\"vcard\",[[\"mail\",{},\"text\",\"v@x.example\"]]]",
	    "[[\"email\",{},\"text\",\"v@x.example\"]]"};
	char json[600];

	(void)state;
	expect("{" RANGE "\"entities\":[]}", RDAP_NONE,
	    "no entity with role abuse");
	expect("{" RANGE "\"entities\":{\"roles\":[\"abuse\"]}}", RDAP_NONE,
	    "no entity with role abuse");
	expect("{" RANGE "\"entities\":[7,null,{\"roles\":\"abuse\"},"
	       "{\"roles\":[7]}]}", RDAP_NONE, "no entity with role abuse");
	expect("{" RANGE "\"networks\":[{\"entities\":[{\"roles\":[\"abuse\"],"
	       "\"vcardArray\":[\"vcard\",[[\"email\",{},\"text\","
	       "\"v@x.example\"]]]}]}],\"entities\":[]}", RDAP_NONE,
	    "no entity with role abuse");
	expect("{" RANGE "\"entities\":[{\"roles\":[\"abuse\"]}]}", RDAP_NONE,
	    "abuse entity without mail");
	for (size_t i = 0; i < sizeof cards / sizeof cards[0]; i++) {
		(void)snprintf(json, sizeof json, "{" RANGE "\"entities\":[{"
		    "\"roles\":[\"abuse\"],\"vcardArray\":%s}]}", cards[i]);
		expect(json, RDAP_NONE, "abuse entity without mail");
	}
	expect(MAIL("\" \""), RDAP_NONE, "mail is empty");
	expect(MAIL("\"a@x.example,b@x.example\""), RDAP_NONE,
	    "mail is a list");
}

static void
test_withheld(void **state)
{
	static const char *const words[] = {"DATA REDACTED", "REDACTED",
	    "REDACTED FOR PRIVACY", "Not Disclosed",
	    "not disclosed x@y.example", "PLEASE QUERY THE RDDS SERVICE",
	    "redacted for abuse@x.example"};
	char json[400];
	struct rdap out;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		(void)snprintf(json, sizeof json, MAIL("\"%s\""), words[i]);
		expect(json, RDAP_NONE, "mail is redacted");
	}
	/* a name is no such word */
	assert_int_equal(read_text(MAIL("\"abuse@redacted.example\""), &out,
	                     &why), RDAP_FOUND);
}

static void
test_range(void **state)
{
	static const struct {
		const char *start, *end, *asked, *words;
	} cases[] = {
	    {"192.0.2.0", "192.0.2.255", "192.0.2.0", NULL},
	    {"192.0.2.0", "192.0.2.255", "192.0.2.255", NULL},
	    {"192.0.2.7", "192.0.2.7", "192.0.2.7", NULL},
	    {"12.0.0.0", "12.255.255.255", "12.1.1.1", NULL},
	    {"2001:db8::", "2001:db8::ffff", "2001:db8::7", NULL},
	    {"2608::", "260f:ffff::", "2609::1", NULL},
	    {"192.0.2.0", "192.0.2.255", "192.0.3.0",
	        "answer for another network"},
	    {"192.0.2.8", "192.0.2.255", "192.0.2.7",
	        "answer for another network"},
	    {"192.0.2.255", "192.0.2.0", "192.0.2.7",
	        "network ends before it starts"},
	    {"0.0.0.0", "255.255.255.255", "192.0.2.7",
	        "network is wider than anybody's"},
	    {"12.0.0.0", "13.0.0.0", "12.1.1.1",
	        "network is wider than anybody's"},
	    {"::", "ffff::", "2001:db8::7", "network is wider than anybody's"},
	    {"2a00::", "2a0f:ffff::", "2a00::1",
	        "network is wider than anybody's"},
	    {"2001:db8::", "2001:db8::ffff", "192.0.2.7",
	        "network of another family"},
	    {"192.0.2.0", "2001:db8::", "192.0.2.7",
	        "network of another family"},
	    {"::ffff:192.0.2.0", "192.0.2.255", "192.0.2.7", NULL},
	    {"IPv6:2001:db8::", "2001:db8::ffff", "2001:db8::7",
	        "network without its range"},
	    {"2001:db8::%eth0", "2001:db8::ffff", "2001:db8::7",
	        "network without its range"},
	    {"192.0.2.0/24", "192.0.2.255", "192.0.2.7",
	        "network without its range"},
	    {"192.0.02.0", "192.0.2.255", "192.0.2.7",
	        "network without its range"},
	    {"", "192.0.2.255", "192.0.2.7", "network without its range"},
	};
	char json[400];
	struct rdap out;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		(void)snprintf(json, sizeof json,
		    "{\"objectClassName\":\"ip network\",\"startAddress\":"
		    "\"%s\",\"endAddress\":\"%s\"}", cases[i].start,
		    cases[i].end);
		assert_int_equal(read_for(cases[i].asked, 200, json,
		                     strlen(json), &out, &why),
		    cases[i].words == NULL ? RDAP_NONE : RDAP_FAILED);
		assert_string_equal(why, cases[i].words == NULL
		    ? "no entity with role abuse" : cases[i].words);
	}
}

static void
test_no_answer(void **state)
{
	struct rdap out;
	const char *why;
	const char *absent = "{\"errorCode\":404,\"title\":\"x\"}";

	(void)state;
	expect("", RDAP_FAILED, "document is empty");
	expect("[]", RDAP_FAILED, "document is no object");
	expect("{}", RDAP_FAILED, "answer is no network");
	expect("{\"objectClassName\":\"autnum\"}", RDAP_FAILED,
	    "answer is no network");
	expect(absent, RDAP_NONE, "no such network");
	expect("{" RANGE "\"errorCode\":429}", RDAP_FAILED,
	    "server says error 429");
	expect("{" RANGE "\"errorCode\":\"404\"}", RDAP_FAILED,
	    "answer is no network");
	assert_int_equal(read_for("192.0.2.7", 404, absent, strlen(absent),
	                     &out, &why), RDAP_NONE);
	assert_int_equal(read_for("192.0.2.7", 404, MAIL("\"v@x.example\""),
	                     strlen(MAIL("\"v@x.example\"")), &out, &why),
	    RDAP_FAILED);
	assert_string_equal(why, "not found, and not by RDAP");
	assert_int_equal(read_for("192.0.2.7", 404, "", 0, &out, &why),
	    RDAP_FAILED);
}

static void
test_documents(void **state)
{
	static const char *const wrong[] = {"{\"a\":1,\"a\":2}",
	    "{\"a\":\"\\u0000\"}", "{\"a\":\"\xff\"}", "{\"a\":1e999999}",
	    "{\"a\":1}{}", "{'a':1}", "\xef\xbb\xbf{\"a\":1}"};
	char *big = malloc(DOCUMENT_BYTES + 2);
	struct rdap out;
	const char *why;

	(void)state;
	assert_non_null(big);
	memset(big, ' ', DOCUMENT_BYTES + 2);
	assert_int_equal(read_for("192.0.2.7", 200, big, DOCUMENT_BYTES + 1,
	                     &out, &why), RDAP_FAILED);
	assert_string_equal(why, "document is over 256 KiB");
	big[0] = '\0';
	assert_int_equal(read_for("192.0.2.7", 200, big, 10, &out, &why),
	    RDAP_FAILED);
	assert_string_equal(why, "document has a NUL byte");
	memset(big, '[', 33);
	assert_int_equal(read_for("192.0.2.7", 200, big, 33, &out, &why),
	    RDAP_FAILED);
	assert_string_equal(why, "document is nested too deeply");
	/* within a text, brackets are no depth, and an escaped quote is no
	 * end */
	big[0] = '{';
	memcpy(big + 1, "\"\\\"", 3);
	memcpy(big + 40, "\":1}", 4);
	memset(big + 4, '[', 36);
	assert_int_equal(read_for("192.0.2.7", 200, big, 44, &out, &why),
	    RDAP_FAILED);
	assert_string_equal(why, "answer is no network");
	for (size_t i = 0; i + 3 <= DOCUMENT_BYTES; i += 3)
		memcpy(big + i, "[],", 3);
	assert_int_equal(read_for("192.0.2.7", 200, big, DOCUMENT_BYTES, &out,
	                     &why), RDAP_FAILED);
	assert_string_equal(why, "document has too many values");
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_int_equal(read_text(wrong[i], &out, &why), RDAP_FAILED);
		assert_memory_equal(why, "no JSON: ", 9);
	}
	free(big);
}

static void
test_members(void **state)
{
	struct rdap out;
	const char *why;

	(void)state;
	assert_int_equal(read_text("{" RANGE "\"country\":\"nl\",\"handle\":"
	    "\"N\\u001b[1\\nET\",\"name\":\"\","
	    "\"arin_originas0_originautnums\":[],"
	    "\"lacnic_originAutnum\":[\"AS64500\"],\"nicbr_autnum\":5}",
	    &out, &why), RDAP_NONE);
	assert_string_equal(out.country, "NL");
	assert_true(text_is(out.handle, "N\\x1b[1\\x0aET"));
	assert_null(out.name.at);
	assert_int_equal(out.asn, 64500);
	assert_int_equal(read_text("{" RANGE "\"country\":\"N\\n\","
	    "\"handle\":7,\"nicbr_autnum\":4294967296}", &out, &why),
	    RDAP_NONE);
	assert_string_equal(out.country, "");
	assert_int_equal(out.asn, 0);
	assert_int_equal(read_text("{" RANGE "\"country\":\"NLD\","
	    "\"nicbr_autnum\":\"AS4294967295\"}", &out, &why), RDAP_NONE);
	assert_string_equal(out.country, "");
	assert_true(out.asn == UINT32_MAX);
}

static void
test_judged(void **state)
{
	struct ask_answer answer = {0};
	struct rdap out;
	const char *why;

	(void)state;
	assert_int_equal(read_text(ABUSE("[\"vcard\",["
	    "[\"email\",{},\"text\",\"abuse@isp.local\"],"
	    "[\"email\",{},\"text\",\"a@x.example\\r\\nBcc: v@x.example\"],"
	    "[\"email\",{},\"text\",\"good@isp.example\"]]]"), &out, &why),
	    RDAP_FOUND);
	rdap_judge(arena, RDAP_FOUND, &out, why, &answer);
	assert_int_equal(answer.state, ASK_FOUND);
	assert_int_equal(answer.mailboxes_n, 1);
	assert_true(text_is(answer.mailboxes[0], "good@isp.example"));
	assert_int_equal(read_text(MAIL("\"abuse@isp.local\""), &out, &why),
	    RDAP_FOUND);
	rdap_judge(arena, RDAP_FOUND, &out, why, &answer);
	assert_int_equal(answer.state, ASK_REFUSED);
	assert_int_equal(answer.mailboxes_n, 0);
	assert_true(text_is(answer.said, "abuse@isp.local"));
	assert_int_equal(read_text("{}", &out, &why), RDAP_FAILED);
	rdap_judge(arena, RDAP_FAILED, &out, why, &answer);
	assert_int_equal(answer.state, ASK_FAILED);
	assert_true(text_is(answer.why, "answer is no network"));
	assert_null(answer.said.at);
}

/* Every cut of a good answer fails, and no changed byte makes a crash. */
static void
test_cut_and_changed(void **state)
{
	static const char good[] = MAIL("\"a@isp.example\"");
	char bad[sizeof good];
	struct rdap out;
	const char *why;

	(void)state;
	for (size_t n = 0; n < sizeof good - 1; n++)
		assert_int_equal(read_for("192.0.2.7", 200, good, n, &out,
		                     &why), RDAP_FAILED);
	for (size_t i = 0; i < sizeof good - 1; i++)
		for (int v = 0; v < 256; v += 5) {
			memcpy(bad, good, sizeof good);
			bad[i] = (char)v;
			if (read_for("192.0.2.7", 200, bad, sizeof bad - 1,
			        &out, &why) == RDAP_FOUND)
				assert_true(out.mailboxes_n == 1 &&
				    out.mailboxes[0].n <= 13);
			arena_reset(arena);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_found),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_preference),
	    cmocka_unit_test(test_nobody),
	    cmocka_unit_test(test_withheld),
	    cmocka_unit_test(test_range),
	    cmocka_unit_test(test_no_answer),
	    cmocka_unit_test(test_documents),
	    cmocka_unit_test(test_members),
	    cmocka_unit_test(test_judged),
	    cmocka_unit_test(test_cut_and_changed),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
