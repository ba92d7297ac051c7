/* Protects what counts as a receipt: lines of real Postfix and Exim logs,
 * and what a client may write into them, which must count as nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/deliver/receipt.h"
#include "hub/deliver/receipt_book.h"
#include "proto/base/arena.h"

static void
lines(void **state)
{
	static const struct {
		const char *line;
		enum receipt_kind kind;
		int64_t pid;
		const char *queue, *id;
	} table[] = {
#define S "Nov 28 04:56:32 mx1 "
	    {S "postfix/smtpd[13481]: connect from unknown[127.0.0.1]",
	        RECEIPT_CONNECT, 13481, "", ""},
	    {S "postfix/submission/smtpd[13482]: connect from x[::1]:34008",
	        RECEIPT_CONNECT, 13482, "", ""},
	    {"2026-11-28T04:56:32.123456+01:00 mx1 postfix-out/smtpd[7]: "
	     "disconnect from unknown[127.0.0.1] quit=1 commands=1",
	        RECEIPT_DISCONNECT, 7, "", ""},
	    {S "postfix/smtpd[13481]: EBC7BA8FAD0: client=unknown[127.0.0.1]",
	        RECEIPT_CLIENT, 13481, "EBC7BA8FAD0", ""},
	    {S "postfix/smtpd[13481]: 4cXkZs2Ll8z9vNw: client=x[10.0.0.1]",
	        RECEIPT_CLIENT, 13481, "4cXkZs2Ll8z9vNw", ""},
	    {"Nov  8 04:56:32 mx1 postfix/cleanup[9]: EBC7BA8FAD0: "
	     "message-id=<1@x>", RECEIPT_ID, 9, "EBC7BA8FAD0", "1@x"},
	    {S "postfix/cleanup[9]: EBC7BA8FAD0: message-id=<>", RECEIPT_ID,
	        9, "EBC7BA8FAD0", ""},
	    {S "postfix/cleanup[9]: EBC7BA8FAD0: message-id=<a b>", RECEIPT_ID,
	        9, "EBC7BA8FAD0", ""},
	    {S "postfix/cleanup[9]: EBC7BA8FAD0: message-id=<a>,<b> x",
	        RECEIPT_ID, 9, "EBC7BA8FAD0", ""},
	    {S "postfix/cleanup[9]: EBC7BA8FAD0: reject: header Subject "
	       "from unknown[127.0.0.1]", RECEIPT_REJECTED, 9, "EBC7BA8FAD0",
	        ""},
	    {S "postfix/cleanup[9]: EBC7BA8FAD0: resent-message-id=<1@x>",
	        RECEIPT_NONE, 9, "EBC7BA8FAD0", ""},
	    {S "postfix/qmgr[13477]: EBC7BA8FAD0: from=<a@b.example>, size=2, "
	       "nrcpt=1 (queue active)", RECEIPT_ACTIVE, 13477, "EBC7BA8FAD0",
	        ""},
	    {S "postfix/qmgr[13477]: EBC7BA8FAD0: from=<a>, status=expired, "
	       "returned to sender", RECEIPT_NONE, 13477, "EBC7BA8FAD0", ""},
	    {S "postfix/smtpd[1]: lost connection after DATA (61 bytes) from "
	       "unknown[127.0.0.1]", RECEIPT_CUT, 1, "", ""},
	    {S "postfix/smtpd[1]: timeout after DATA (61 bytes) from x[::1]",
	        RECEIPT_CUT, 1, "", ""},
	    {S "postfix/smtpd[1]: lost connection after RCPT from x[::1]",
	        RECEIPT_NONE, 1, "", ""},
	    {S "postfix/smtpd[1]: lost connection after END-OF-MESSAGE from x",
	        RECEIPT_NONE, 1, "", ""},
	    {S "postfix/master[2]: terminating on signal 15", RECEIPT_RESTART,
	        2, "", ""},
	    {S "postfix/master[2]: warning: process /usr/lib/postfix/smtpd "
	       "pid 4711 killed by signal 9", RECEIPT_DIED, 4711, "", ""},
	    {S "postfix/master[2]: warning: process /usr/lib/postfix/smtpd "
	       "pid 4711 exit status 1", RECEIPT_DIED, 4711, "", ""},
	    {S "rsyslogd: imuxsock[pid: 3]: begin to drop messages due to "
	       "rate-limiting", RECEIPT_GAP, -1, "", ""},
	    {S "systemd-journald[1]: Suppressed 12 messages from x.service",
	        RECEIPT_GAP, 1, "", ""},
	    {"2026-11-21 20:42:32 1tEsQz-000abc-1D <= a@b.example H=(x) "
	     "[127.0.0.1] P=esmtp S=900 id=1@x", RECEIPT_TAKEN, -1,
	        "1tEsQz-000abc-1D", "1@x"},
	    {"2026-11-21 20:42:32.123 +0100 [77] 1tEsQz-00000000abc-1D0Z <= <> "
	     "H=x [127.0.0.1] P=esmtp S=900 id=1@x T=\"id=2@x\" from <> for c",
	        RECEIPT_TAKEN, -1, "1tEsQz-00000000abc-1D0Z", "1@x"},
	    {"2026-11-21 20:42:32 1tEsQz-000abc-1D => c@d R=r T=t id=1@x",
	        RECEIPT_NONE, -1, "1tEsQz-000abc-1D", ""},
	    {"2026-11-21 20:42:32 1tEsQz-000abc-1D <= \"a id=2@x b\"@c.example "
	     "H=x P=esmtp S=900 id=1@x", RECEIPT_TAKEN, -1, "1tEsQz-000abc-1D",
	        "1@x"},
	    {"2026-11-21 20:42:32 1tEsQz-000abc-1D <= a@b U=\"id=2@x\" S=900",
	        RECEIPT_NONE, -1, "1tEsQz-000abc-1D", ""},
	    /* what a client can say */
	    {S "postfix/smtpd[1]: warning: postfix/qmgr[1]: ABCDEF0: from=<x>, "
	       "size=1, nrcpt=1 (queue active)", RECEIPT_NONE, 1, "", ""},
	    {S "postfix/smtpd[1]: NOQUEUE: reject: RCPT from x[::1]: 554; "
	       "from=<x> to=<y> helo=<ABCDEF0: message-id=<1@x>>", RECEIPT_NONE,
	        1, "NOQUEUE", ""},
	    {S "imapd[1]: ABCDEF0: message-id=<1@x>", RECEIPT_NONE, 1, "", ""},
	    {S "postfix/smtpd: connect from x[::1]", RECEIPT_NONE, -1, "", ""},
	    {S "postfix/qmgr: ABCDEF0: from=<x>, size=1, nrcpt=1 (queue "
	       "active)", RECEIPT_NONE, -1, "", ""},
	    {S "postfix/cleanup: ABCDEF0: message-id=<1@x>", RECEIPT_NONE, -1,
	        "", ""},
	    {S "postfix/master: terminating on signal 15", RECEIPT_NONE, -1,
	        "", ""},
	    {S "postfix/smtpd[99999999999999999999]: connect from x",
	        RECEIPT_NONE, -1, "", ""},
	    {S "postfix/smtpd[]: connect from x", RECEIPT_NONE, -1, "", ""},
	    {"", RECEIPT_NONE, -1, "", ""},
	    {" ", RECEIPT_NONE, -1, "", ""},
	    {"Nov", RECEIPT_NONE, -1, "", ""},
	    {"2026-11-28T04:56:32", RECEIPT_NONE, -1, "", ""},
#undef S
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct receipt r = receipt_read(text_of(table[i].line));

		if (r.kind != table[i].kind)
			print_message("%s\n", table[i].line);
		assert_int_equal(r.kind, table[i].kind);
		if (table[i].pid >= 0)
			assert_int_equal(r.pid, table[i].pid);
		if (r.kind == RECEIPT_NONE)
			continue;
		assert_int_equal(r.queue.n, strlen(table[i].queue));
		assert_memory_equal(r.queue.at == NULL ? "" : r.queue.at,
		    table[i].queue, r.queue.n);
		assert_int_equal(r.id.n, strlen(table[i].id));
		assert_memory_equal(r.id.at == NULL ? "" : r.id.at,
		    table[i].id, r.id.n);
	}
}

/* Short for lines: "c1" smtpd 1 begins a session, "d1" it ends; "m1 A" it
 * begins a mail A; "x1" it is cut off; "iA" cleanup has our Message-ID in A,
 * "jA" another's; "rA" A is refused; "aA" A is active; "k1" smtpd 1 is
 * killed; "R" Postfix ends; "g" a gap; "|" the mark. */
static void
play(struct receipt_book *b, struct arena *a, const char *word)
{
	static const struct {
		char c;
		const char *form;
	} forms[] = {
	    {'c', "postfix/smtpd[#]: connect from x[::1]"},
	    {'d', "postfix/smtpd[#]: disconnect from x[::1]"},
	    {'x', "postfix/smtpd[#]: lost connection after DATA (1 bytes) "
	          "from x[::1]"},
	    {'i', "postfix/cleanup[99]: AAAAAA#: message-id=<our@x>"},
	    {'j', "postfix/cleanup[99]: AAAAAA#: message-id=<other@x>"},
	    {'r', "postfix/cleanup[99]: AAAAAA#: reject: header x"},
	    {'a', "postfix/qmgr[98]: AAAAAA#: from=<x>, size=1, nrcpt=1 "
	          "(queue active)"},
	    {'k', "postfix/master[97]: warning: process smtpd pid # killed by "
	          "signal 9"},
	    {'R', "postfix/master[97]: terminating on signal 15"},
	    {'g', "rsyslogd: imjournal: 12 messages lost due to rate-limiting"},
	};
	char *form;
	const char *line = NULL;

	if (word[0] == '|') {
		receipt_book_mark(b);
		return;
	}
	if (word[0] == 'm')
		line = arena_printf(a,
		    "postfix/smtpd[%c]: AAAAAA%c: client=x[::1]", word[1],
		    word[2]);
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (forms[i].c == word[0]) {
			line = form = arena_string(a, forms[i].form);
			if ((form = strchr(form, '#')) != NULL)
				*form = word[1];
		}
	assert_non_null(line);
	receipt_book_line(b, text_of(arena_printf(a,
	    "Nov 28 04:56:32 mx1 %s", line)));
}

static void
fates(void **state)
{
	static const struct {
		const char *lines;
		enum receipt_fate fate;
	} table[] = {
	    {"", RECEIPT_FATE_UNKNOWN},
	    {"c1 m1A iA aA d1", RECEIPT_FATE_TAKEN},
	    {"iA aA", RECEIPT_FATE_TAKEN},
	    {"m1A iA m2B aB", RECEIPT_FATE_UNKNOWN},
	    /* nothing of it, and the log goes on to the end */
	    {"c1 d1 | c2 d2", RECEIPT_FATE_NOT_TAKEN},
	    {"| c2 d2", RECEIPT_FATE_NOT_TAKEN},
	    {"c1 d1 c2 d2", RECEIPT_FATE_UNKNOWN},
	    {"c1 d1 |", RECEIPT_FATE_UNKNOWN},
	    {"c1 d1 | c2", RECEIPT_FATE_UNKNOWN},
	    {"c1 | d1", RECEIPT_FATE_UNKNOWN},
	    /* a session from before goes on */
	    {"c1 | c2 d2", RECEIPT_FATE_UNKNOWN},
	    {"c1 | c2 d2 d1", RECEIPT_FATE_NOT_TAKEN},
	    {"m1A | c2 d2", RECEIPT_FATE_UNKNOWN},
	    {"c1 | c2 d2 c1", RECEIPT_FATE_NOT_TAKEN},
	    {"c1 | c2 d2 k1", RECEIPT_FATE_NOT_TAKEN},
	    {"c1 R | c2 d2", RECEIPT_FATE_NOT_TAKEN},
	    /* cut off: in whatever order the two daemons log it */
	    {"c1 m1A iA x1 d1 | c2 d2", RECEIPT_FATE_NOT_TAKEN},
	    {"c1 m1A x1 d1 iA | c2 d2", RECEIPT_FATE_NOT_TAKEN},
	    {"c1 m1A rA iA d1 | c2 d2", RECEIPT_FATE_NOT_TAKEN},
	    {"c1 m1A iA rA d1 | c2 d2", RECEIPT_FATE_NOT_TAKEN},
	    {"c1 m1A iA d1 | c2 d2", RECEIPT_FATE_UNKNOWN},
	    {"c1 m1A iA d1 | c2 d2 aA", RECEIPT_FATE_TAKEN},
	    /* the cut was another mail's of the same session */
	    {"c1 m1A iA m1B jB x1 d1 | c2 d2", RECEIPT_FATE_UNKNOWN},
	    {"c1 m1B jB m1A iA x1 d1 | c2 d2", RECEIPT_FATE_NOT_TAKEN},
	    /* and another session's */
	    {"c1 c2 m1A iA m2B x2 d1 d2 | c3 d3", RECEIPT_FATE_UNKNOWN},
	    /* sent twice: one cut, one not */
	    {"c1 m1A iA x1 d1 c2 m2B iB d2 | c3 d3", RECEIPT_FATE_UNKNOWN},
	    {"c1 m1A iA x1 d1 c2 m2B iB aB d2", RECEIPT_FATE_TAKEN},
	    {"c1 m1A iA x1 c2 m2B iB x2 d1 d2 | c3 d3",
	        RECEIPT_FATE_NOT_TAKEN},
	    /* the queue id is used again by another mail */
	    {"c1 m1A iA x1 d1 c2 m2A jA aA d2 | c3 d3",
	        RECEIPT_FATE_NOT_TAKEN},
	    {"c1 m1A iA x1 d1 jA aA | c3 d3", RECEIPT_FATE_NOT_TAKEN},
	    /* lines are missing */
	    {"c1 d1 g | c2 d2", RECEIPT_FATE_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		static const char *const ids[] = {"never@x", "our@x"};
		struct arena *a = arena_open(0);
		struct receipt_book *b = receipt_book_open(a, ids, 2);
		char *copy = arena_string(a, table[i].lines), *save = NULL;
		enum receipt_fate fate;
		struct text queue;

		for (char *w = strtok_r(copy, " ", &save); w != NULL;
		     w = strtok_r(NULL, " ", &save))
			play(b, a, w);
		fate = receipt_book_fate(b, 1, &queue);
		if (fate != table[i].fate)
			print_message("%s\n", table[i].lines);
		assert_int_equal(fate, table[i].fate);
		assert_int_equal(queue.n != 0, fate == RECEIPT_FATE_TAKEN);
		assert_int_not_equal(receipt_book_fate(b, 0, &queue),
		    RECEIPT_FATE_TAKEN);
		arena_close(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines),
	    cmocka_unit_test(fates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
