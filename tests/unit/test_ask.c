/* Protects what lookup and finder say to each other: what is packed is what
 * is unpacked, and nothing else is taken for a message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/lookup/ask.h"
#include "proto/base/buf.h"
#include "tests/unit/arena_fixture.h"

static struct addr
addr_of(const char *s)
{
	struct addr a;

	assert_true(addr_parse(text_of(s), &a));
	return a;
}

static struct ask_answer
sample(void)
{
	return (struct ask_answer){.batch = 7, .index = 3,
	    .address = addr_of("2001:db8::7"), .method = ASK_ABUSIX,
	    .state = ASK_FOUND, .ttl_s = 86400,
	    .mailboxes = {TEXT("a@isp.example"), TEXT("b@isp.example")},
	    .mailboxes_n = 2, .said = TEXT("a@isp.example,b@isp.example"),
	    .network = {.first = addr_of("2001:db8::"),
	        .last = addr_of("2001:db8::ff"), .handle = TEXT("NET-7"),
	        .country = "DE", .asn = 64500},
	    .origin = {.known = true, .asn = 64500,
	        .route = {.addr = addr_of("2001:db8::"), .bits = 32},
	        .country = "AT"}};
}

static void
test_setup(void **state)
{
	struct ask_setup in = {.zone = "contacts.example",
	    .origin4 = "origin.example", .origin6 = "", .exits = "",
	    .timeout_ms = 400, .tries = 2, .parallel = 64, .servers_n = 2,
	    .agent = "desk@hub.example", .web_parallel = 4,
	    .web_gap_ms = 100, .ca_file = "", .hosts = "a:1:127.0.0.1",
	    .inside_n = 1, .inside = {{addr_of("127.0.0.0"), 8}}}, out;
	struct buf b = {0}, again = {0};

	(void)state;
	in.servers[0] = (struct ask_server){addr_of("127.0.0.1"), 53};
	in.servers[1] = (struct ask_server){addr_of("2001:db8::1"), 65535};
	ask_pack_setup(&b, &in);
	assert_int_equal(ask_kind(b.data, b.n), ASK_SETUP);
	assert_true(ask_unpack_setup(arena, b.data, b.n, &out));
	assert_string_equal(out.zone, in.zone);
	assert_string_equal(out.origin4, in.origin4);
	assert_string_equal(out.hosts, in.hosts);
	assert_int_equal(out.inside[0].bits, 8);
	assert_true(addr_equal(&out.servers[1].addr, &in.servers[1].addr));
	ask_pack_setup(&again, &out);
	assert_int_equal(again.n, b.n);
	assert_memory_equal(again.data, b.data, b.n);
	/* bits behind the prefix */
	in.inside[0].bits = 0;
	ask_pack_setup(&b, &in);
	assert_false(ask_unpack_setup(arena, b.data, b.n, &out));
	in.inside[0].bits = 8;
	in.origin6 = "Not..a.zone";
	ask_pack_setup(&b, &in);
	assert_false(ask_unpack_setup(arena, b.data, b.n, &out));
	buf_free(&b);
	buf_free(&again);
}

static void
test_ask(void **state)
{
	static struct ask in, out;
	struct buf b = {0};

	(void)state;
	in = (struct ask){.batch = 9, .deadline_ms = 2000, .n = ASK_MOST,
	    .method = ASK_RDAP, .bases_n = 2,
	    .bases = {"https://a.example/", "https://b.example/"}};
	for (size_t i = 0; i < in.n; i++) {
		in.addresses[i] = addr_of("203.0.113.0");
		in.addresses[i].bytes[3] = (uint8_t)i;
		in.base[i] = (uint8_t)(i % 2);
	}
	ask_pack_ask(&b, &in);
	assert_true(b.n <= ASK_MESSAGE_BYTES);
	assert_int_equal(ask_kind(b.data, b.n), ASK_ASK);
	assert_true(ask_unpack_ask(arena, b.data, b.n, &out));
	assert_int_equal(out.n, in.n);
	assert_memory_equal(out.addresses, in.addresses, sizeof in.addresses);
	assert_memory_equal(out.base, in.base, sizeof in.base);
	assert_string_equal(out.bases[1], in.bases[1]);
	/* a server that is not there */
	in.base[7] = 2;
	ask_pack_ask(&b, &in);
	assert_false(ask_unpack_ask(arena, b.data, b.n, &out));
	/* not the address as addr.h would write it: IPv4-mapped */
	in = (struct ask){.batch = 1, .deadline_ms = 1, .n = 1,
	    .method = ASK_ABUSIX};
	in.addresses[0] = (struct addr){.family = 6,
	    .bytes = {[10] = 0xff, [11] = 0xff, [15] = 1}};
	ask_pack_ask(&b, &in);
	assert_false(ask_unpack_ask(arena, b.data, b.n, &out));
	buf_free(&b);
}

static void
test_answer(void **state)
{
	struct ask_answer in = sample(), out;
	struct buf b = {0};

	(void)state;
	ask_pack_answer(&b, &in);
	assert_int_equal(ask_kind(b.data, b.n), ASK_ANSWER);
	assert_true(ask_unpack_answer(arena, b.data, b.n, &out));
	assert_int_equal(out.batch, 7);
	assert_int_equal(out.index, 3);
	assert_int_equal(out.ttl_s, 86400);
	assert_true(addr_equal(&out.address, &in.address));
	assert_true(text_equal(out.mailboxes[1], in.mailboxes[1]));
	assert_true(text_equal(out.said, in.said));
	assert_null(out.why.at);
	assert_true(addr_equal(&out.network.last, &in.network.last));
	assert_true(text_equal(out.network.handle, in.network.handle));
	assert_string_equal(out.network.country, "DE");
	assert_int_equal(out.network.asn, 64500);
	assert_int_equal(out.origin.asn, 64500);
	assert_int_equal(out.origin.route.bits, 32);
	buf_free(&b);
}

/* What it says of networks must be about the address. */
static void
test_answers_about_others(void **state)
{
	struct ask_answer in = sample(), out;
	struct buf b = {0};

	(void)state;
	in.network.last = addr_of("2001:db8::6");
	ask_pack_answer(&b, &in);
	assert_false(ask_unpack_answer(arena, b.data, b.n, &out));
	in = sample();
	in.network.first = addr_of("2001:db8::8");
	ask_pack_answer(&b, &in);
	assert_false(ask_unpack_answer(arena, b.data, b.n, &out));
	in = sample();
	in.network.first = addr_of("0.0.0.0");
	in.network.last = addr_of("255.255.255.255");
	ask_pack_answer(&b, &in);
	assert_false(ask_unpack_answer(arena, b.data, b.n, &out));
	in = sample();
	in.origin.route = (struct prefix){addr_of("2001:db9::"), 32};
	ask_pack_answer(&b, &in);
	assert_false(ask_unpack_answer(arena, b.data, b.n, &out));
	in = sample();
	memcpy(in.origin.country, "d\0", 3);
	ask_pack_answer(&b, &in);
	assert_false(ask_unpack_answer(arena, b.data, b.n, &out));
	buf_free(&b);
}

/* found without a mailbox, a mailbox without found, too long texts. */
static void
test_answers_that_contradict(void **state)
{
	static char big[2 * ASK_MESSAGE_BYTES];
	struct ask_answer in = sample(), out;
	struct buf b = {0};

	(void)state;
	in.mailboxes_n = 0;
	ask_pack_answer(&b, &in);
	assert_false(ask_unpack_answer(arena, b.data, b.n, &out));
	in = sample();
	in.state = ASK_FAILED;
	ask_pack_answer(&b, &in);
	assert_false(ask_unpack_answer(arena, b.data, b.n, &out));
	in = sample();
	memset(big, 'x', sizeof big);
	in.said = in.why = (struct text){.at = big, .n = sizeof big};
	in.mailboxes_n = ASK_MAILBOXES_MOST;
	for (size_t i = 0; i < ASK_MAILBOXES_MOST; i++)
		in.mailboxes[i] = in.said;
	ask_pack_answer(&b, &in);
	assert_true(b.n <= ASK_MESSAGE_BYTES);
	assert_true(ask_unpack_answer(arena, b.data, b.n, &out));
	assert_int_equal(out.said.n, ASK_SAID_BYTES);
	buf_free(&b);
}

static struct ask_host
sample_host(void)
{
	return (struct ask_host){.batch = 7, .index = 3,
	    .domain = "isp.example", .state = ASK_FOUND,
	    .host = "mx.isp.example"};
}

static void
test_domains(void **state)
{
	static const char *const wrong[] = {"", ".", "isp.example.", "a..b",
	    "ISP.example", "a b.example", "-\n.example", "\xc3\xbc.example"};
	static struct ask_domains in, out;
	char longest[ASK_NAME_BYTES + 2];
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i <= ASK_NAME_BYTES; i++)
		longest[i] = i % 64 == 63 ? '.' : 'a';
	longest[ASK_NAME_BYTES] = '\0';
	in = (struct ask_domains){.batch = 9, .deadline_ms = 2000,
	    .n = ASK_DOMAINS_MOST};
	for (size_t i = 0; i < in.n; i++)
		in.at[i] = longest;
	ask_pack_domains(&b, &in);
	assert_true(b.n <= ASK_MESSAGE_BYTES);
	assert_int_equal(ask_kind(b.data, b.n), ASK_DOMAINS);
	assert_true(ask_unpack_domains(arena, b.data, b.n, &out));
	assert_int_equal(out.n, in.n);
	assert_int_equal(out.deadline_ms, 2000);
	assert_string_equal(out.at[199], longest);
	in.n = 1;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		in.at[0] = wrong[i];
		ask_pack_domains(&b, &in);
		assert_false(ask_unpack_domains(arena, b.data, b.n, &out));
	}
	buf_free(&b);
}

static void
test_host(void **state)
{
	struct ask_host in = sample_host(), out;
	struct buf b = {0};

	(void)state;
	ask_pack_host(&b, &in);
	assert_int_equal(ask_kind(b.data, b.n), ASK_HOST);
	assert_true(ask_unpack_host(arena, b.data, b.n, &out));
	assert_int_equal(out.index, 3);
	assert_string_equal(out.domain, in.domain);
	assert_string_equal(out.host, in.host);
	assert_null(out.why.at);
	/* found without a host, a host without found, no host name */
	in.host = "";
	ask_pack_host(&b, &in);
	assert_false(ask_unpack_host(arena, b.data, b.n, &out));
	in.host = "mx\n.isp.example";
	ask_pack_host(&b, &in);
	assert_false(ask_unpack_host(arena, b.data, b.n, &out));
	for (int s = ASK_NONE; s <= ASK_STATES; s++) {
		in = sample_host();
		in.state = (enum ask_state)s;
		ask_pack_host(&b, &in);
		assert_false(ask_unpack_host(arena, b.data, b.n, &out));
		in.host = "";
		ask_pack_host(&b, &in);
		assert_int_equal(ask_unpack_host(arena, b.data, b.n, &out),
		    s == ASK_NONE || s == ASK_FAILED);
	}
	buf_free(&b);
}

static bool
any_unpacks(const char *bytes, size_t n)
{
	char *exact = malloc(n == 0 ? 1 : n);
	struct ask_setup setup;
	static struct ask ask;
	static struct ask_items items;
	struct ask_answer answer;
	struct ask_fetch fetch;
	struct ask_fetched fetched;
	static struct ask_domains domains;
	struct ask_host host;
	bool any;

	assert_non_null(exact);
	memcpy(exact, bytes, n);
	any = ask_unpack_setup(arena, exact, n, &setup);
	any |= ask_unpack_ask(arena, exact, n, &ask);
	any |= ask_unpack_answer(arena, exact, n, &answer);
	any |= ask_unpack_fetch(arena, exact, n, &fetch);
	any |= ask_unpack_items(arena, exact, n, &items);
	any |= ask_unpack_fetched(arena, exact, n, &fetched);
	any |= ask_unpack_domains(arena, exact, n, &domains);
	any |= ask_unpack_host(arena, exact, n, &host);
	free(exact);
	return any;
}

/* No prefix of a message and no longer text is a message. */
static void
test_cut_and_stretched(void **state)
{
	struct ask_answer in = sample();
	struct ask ask = {.batch = 1, .deadline_ms = 1, .n = 1,
	    .method = ASK_ABUSIX};
	struct ask_fetch fetch = {.batch = 1, .deadline_ms = 1,
	    .list = ASK_BOOTSTRAP, .url = "https://a.example/"};
	struct ask_items items = {.batch = 1, .n = 1};
	struct ask_fetched fetched = {.batch = 1, .why = TEXT("why")};
	struct ask_domains domains = {.batch = 1, .deadline_ms = 1, .n = 2,
	    .at = {"a.example", "b.example"}};
	struct ask_host host = sample_host();
	struct buf b = {0};

	(void)state;
	ask.addresses[0] = addr_of("203.0.113.7");
	items.at[0] = (struct ask_item){.prefix = {addr_of("203.0.113.0"), 24},
	    .first_us = -1, .last_us = 5, .url = TEXT("https://a.example/")};
	for (int kind = 0; kind < 7; kind++) {
		switch (kind) {
		case 0:
			ask_pack_answer(&b, &in);
			break;
		case 1:
			ask_pack_ask(&b, &ask);
			break;
		case 2:
			ask_pack_fetch(&b, &fetch);
			break;
		case 3:
			ask_pack_items(&b, &items);
			break;
		case 4:
			ask_pack_domains(&b, &domains);
			break;
		case 5:
			ask_pack_host(&b, &host);
			break;
		default:
			ask_pack_fetched(&b, &fetched);
		}
		assert_true(any_unpacks(b.data, b.n));
		for (size_t n = 0; n < b.n; n++)
			assert_false(any_unpacks(b.data, n));
		buf_putc(&b, 0);
		assert_false(any_unpacks(b.data, b.n));
		/* another version, another kind */
		b.n--;
		b.data[0]++;
		assert_false(any_unpacks(b.data, b.n));
		assert_int_equal(ask_kind(b.data, b.n), ASK_NOTHING);
	}
	assert_int_equal(ask_kind("", 0), ASK_NOTHING);
	assert_int_equal(ask_kind("\2\11", 2), ASK_NOTHING);
	assert_int_equal(ask_kind("\1\1", 2), ASK_NOTHING);
	buf_free(&b);
}

static void
test_servers(void **state)
{
	static const struct {
		const char *s, *addr;
		int port;
	} good[] = {{"127.0.0.1", "127.0.0.1", 53},
	    {"127.0.0.1:5353", "127.0.0.1", 5353}, {"::1", "::1", 53},
	    {"2001:db8::53", "2001:db8::53", 53}, {"[::1]", "::1", 53},
	    {"[::1]:65535", "::1", 65535}};
	static const char *const bad[] = {"", "x", "127.0.0.1:", "[::1",
	    "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:5 ",
	    "[::1]53", "[::1]:", "[::1]:x", "127.0.0.1:99999999999",
	    "dns.example:53", "[]:53", "127.0.0.1 53"};
	char text[ADDR_TEXT_BYTES];
	struct ask_server s;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(ask_server_parse(good[i].s, &s));
		assert_string_equal(addr_format(text, &s.addr), good[i].addr);
		assert_int_equal(s.port, good[i].port);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (ask_server_parse(bad[i], &s))
			fail_msg("\"%s\" was accepted", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_setup),
	    cmocka_unit_test(test_ask),
	    cmocka_unit_test(test_answer),
	    cmocka_unit_test(test_answers_about_others),
	    cmocka_unit_test(test_answers_that_contradict),
	    cmocka_unit_test(test_domains),
	    cmocka_unit_test(test_host),
	    cmocka_unit_test(test_cut_and_stretched),
	    cmocka_unit_test(test_servers),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
