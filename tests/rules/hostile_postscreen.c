/*
 * Hostile lines of Postfix beside smtpd's refusals: postscreen's, and those
 * of cleanup, queue manager and delivery agents that name addresses and
 * accuse nobody; see hostile.h.
 */
#include "tests/rules/hostile.h"
#include "tests/rules/hostile_postfix.h"

#define NONE KIND_NONE

/* Lines that name addresses and accuse nobody, but for a header check, whose
 * address stands behind the text. */
void
postfix_nobody(struct draft *d)
{
	draft_client(d);
	switch (draft_pick(d, 11)) {
	case 0:
		draft_begin(d, "postfix/cleanup", postfix_pid(d));
		draft_put(d, "769FF2E0760: message-id=<");
		draft_attack(d, mask_printable, 300);
		draft_put(d, ">");
		break;
	case 1:
		draft_begin(d, "postfix/qmgr", postfix_pid(d));
		draft_put(d, "769FF2E0760: from=<");
		draft_attack(d, mask_printable, 300);
		draft_put(d, ">, size=601, nrcpt=1 (queue active)");
		break;
	case 2:
		draft_begin(d, "postfix/smtp", postfix_pid(d));
		draft_put(d, "769FF2E0760: to=<");
		draft_attack(d, mask_printable, 200);
		draft_put(d, ">, relay=mx.evil.example[198.51.100.25]:25, "
		    "delay=1, delays=0/0/1/0, dsn=5.7.1, status=bounced (host "
		    "mx.evil.example[198.51.100.25] said: 554 5.7.1 ");
		draft_attack(d, mask_printable, 400);
		draft_put(d, " (in reply to RCPT TO command))");
		break;
	case 3:
		draft_begin(d, "postfix/smtp", postfix_pid(d));
		draft_put(d, "warning: SASL authentication failed; server "
		    "mx.evil.example[198.51.100.25] said: 535 ");
		draft_attack(d, mask_printable, 300);
		break;
	case 4:
		draft_begin(d, postfix_tag(d), postfix_pid(d));
		draft_put(d, draft_chance(d, 50) ?
		    "warning: numeric hostname: 198.51.100.7" :
		    "warning: valid_hostname: numeric hostname: 198.51.100.7");
		break;
	case 5:
		draft_begin(d, postfix_tag(d), postfix_pid(d));
		draft_put(d, "connect from ");
		postfix_client(d);
		break;
	case 6:
		draft_begin(d, postfix_tag(d), postfix_pid(d));
		draft_put(d, "769FF2E0760: client=");
		postfix_client(d);
		draft_put(d, ", sasl_method=PLAIN, sasl_username=");
		draft_attack(d, mask_printable, 100);
		break;
	case 7:
		draft_begin(d, "postfix/cleanup", postfix_pid(d));
		draft_put(d, "769FF2E0760: warning: header Subject: ");
		draft_attack(d, mask_printable, 200);
		draft_put(d, " from ");
		postfix_client(d);
		draft_put(d, "; from=<a@b.example> to=<c@d.example> "
		    "proto=ESMTP helo=<x>");
		break;
	case 8:
		draft_begin(d, postfix_tag(d), postfix_pid(d));
		draft_putf(d, "warning: hostname %s does not resolve to "
		    "address %s%s", d->ptr[0] == '\0' ? "x.example" : d->ptr,
		    d->ip, draft_chance(d, 50) ? "" :
		    ": Name or service not known");
		draft_end(d, EXPECT_MAYBE, KIND_PTR_MISMATCH, NONE);
		return;
	case 9:
		draft_begin(d, "postfix/cleanup", postfix_pid(d));
		draft_put(d, "769FF2E0760: milter-reject: END-OF-MESSAGE "
		    "from ");
		postfix_client(d);
		draft_put(d, ": 5.7.1 ");
		draft_attack(d, mask_printable, 200);
		draft_put(d, "; from=<a@b.example> to=<c@d.example> "
		    "proto=ESMTP helo=<x>");
		draft_end(d, EXPECT_MAYBE, KIND_SPAM_CONTENT,
		    KIND_POLICY_REJECT);
		return;
	default:
		draft_begin(d, "postfix/cleanup", postfix_pid(d));
		draft_put(d, "769FF2E0760: reject: header Subject: ");
		draft_attack(d, mask_printable, 200);
		draft_put(d, " from ");
		postfix_client(d);
		draft_put(d, "; from=<a@b.example> to=<c@d.example> "
		    "proto=ESMTP helo=<x>: 5.7.1 content rejected");
		draft_end(d, EXPECT_MAYBE, KIND_SPAM_CONTENT,
		    KIND_POLICY_REJECT);
		return;
	}
	draft_nothing(d);
}

static void
put_screened(struct draft *d)
{
	draft_putf(d, "[%s]:%u", d->ip, 1024 + draft_pick(d, 60000));
}

void
postfix_postscreen(struct draft *d)
{
	enum expect expect = EXPECT_MAYBE;
	enum kind kind = KIND_PROTOCOL_ABUSE, also = NONE;
	struct path from, to;

	draft_client(d);
	postfix_path(d, &from);
	postfix_path(d, &to);
	draft_begin(d, "postfix/postscreen", postfix_pid(d));
	switch (draft_pick(d, 6)) {
	case 0:
		draft_putf(d, "PREGREET %u after 0.0%u from ",
		    draft_pick(d, 300), draft_pick(d, 9));
		put_screened(d);
		draft_put(d, ": ");
		draft_attack(d, mask_printable, 100);
		expect = EXPECT_EVENT;
		break;
	case 1:
	case 2:
		draft_put(d, DRAFT_ONE(d, "NON-SMTP COMMAND",
		    "COMMAND PIPELINING", "BARE NEWLINE",
		    "COMMAND TIME LIMIT", "COMMAND COUNT LIMIT"));
		draft_put(d, " from ");
		put_screened(d);
		draft_put(d, " after ");
		draft_attack(d, mask_printable, 100);
		if (draft_chance(d, 50)) {
			draft_put(d, ": ");
			draft_attack(d, mask_printable, 100);
		}
		also = KIND_PROBE;
		break;
	case 3:
		draft_put(d, "NOQUEUE: reject: RCPT from ");
		put_screened(d);
		draft_putf(d, ": 550 5.7.1 Service unavailable; client [%s] "
		    "blocked using bl.example; from=<%s>, to=<%s>, "
		    "proto=ESMTP, helo=<", d->ip, from.quoted, to.quoted);
		draft_attack(d, mask_printable, 100);
		draft_put(d, ">");
		kind = KIND_DNSBL_REJECT;
		also = KIND_POLICY_REJECT;
		break;
	case 4:
		draft_put(d, "NOQUEUE: reject: CONNECT from ");
		put_screened(d);
		draft_put(d, ": all server ports busy");
		draft_nothing(d);
		return;
	default:
		draft_putf(d, "HANGUP after %u.%u from ", draft_pick(d, 9),
		    draft_pick(d, 9));
		put_screened(d);
		draft_put(d, " in tests after SMTP handshake");
		kind = KIND_PROBE;
	}
	draft_end(d, expect, kind, also);
}
