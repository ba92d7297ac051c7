/*
 * Hostile lines of Postfix's smtpd; see hostile.h.  The address stands ahead
 * of what the client wrote in nearly all of its forms.
 */
#include "tests/rules/hostile_postfix.h"

#include <string.h>

#include "tests/rules/hostile.h"

#define NONE KIND_NONE

const char *
postfix_tag(struct draft *d)
{
	return DRAFT_ONE(d, "postfix/smtpd", "postfix/smtpd",
	    "postfix/submission/smtpd", "postfix/smtps/smtpd",
	    "postfix-incoming/smtpd", "postfix-smo/submission/smtpd");
}

unsigned
postfix_pid(struct draft *d)
{
	return 100 + draft_pick(d, 30000);
}

void
postfix_client(struct draft *d)
{
	draft_putf(d, "%s[%s]", d->ptr[0] == '\0' ? "unknown" : d->ptr, d->ip);
	if (draft_chance(d, 15))
		draft_putf(d, ":%u", 1024 + draft_pick(d, 60000));
}

static void
put_qid(struct draft *d)
{
	draft_put(d, DRAFT_ONE(d, "NOQUEUE", "NOQUEUE", "769FF2E0760",
	    "44JCRG5tYPzCqt2"));
}

void
postfix_path(struct draft *d, struct path *p)
{
	char raw[220], local[220];
	const char *domain = DRAFT_ONE(d, "spam.example", "far.example",
	    "near.example");
	size_t n = 0, w = 0, q = 0;
	bool plain = draft_chance(d, 15);

	if (plain)
		n = attack_expand(d, raw, sizeof raw, "user%n");
	else
		n = attack_raw(d, raw, sizeof raw);
	w = mask_printable(local, raw, n, sizeof local);
	snprintf(p->bare, sizeof p->bare, "%.*s@%s", (int)w, local, domain);
	if (!plain)
		p->quoted[q++] = '"';
	for (size_t i = 0; i < w; i++) {
		if (local[i] == '"' || local[i] == '\\')
			p->quoted[q++] = '\\';
		p->quoted[q++] = local[i];
	}
	snprintf(p->quoted + q, sizeof p->quoted - q, "%s@%s",
	    plain ? "" : "\"", domain);
	/* before 3.5 */
	if (draft_chance(d, 15))
		snprintf(p->quoted, sizeof p->quoted, "%s", p->bare);
}

static void
sasl(struct draft *d)
{
	unsigned what = draft_pick(d, 100);
	const char *mech = DRAFT_ONE(d, "LOGIN", "PLAIN", "CRAM-MD5",
	    "DIGEST-MD5", "XOAUTH2");

	draft_client(d);
	draft_begin(d, postfix_tag(d), postfix_pid(d));
	draft_put(d, "warning: ");
	if (what < 5) {
		draft_put(d, "SASL authentication failure: ");
		draft_attack(d, mask_printable, 200);
		draft_nothing(d);
		return;
	}
	postfix_client(d);
	draft_put(d, ": SASL ");
	if (what < 80) {
		bool ours = what < 10;

		draft_putf(d, "%s authentication failed: %s", mech, ours ?
		    "Connection lost to authentication server" :
		    DRAFT_ONE(d, "authentication failure", "user not found",
		    "UGFzc3dvcmQ6", "Password:", "", "(reason unavailable)",
		    "bad protocol / cancel", "generic failure",
		    "PDk4NjI1OTM4Mi4xNTQ4OTQ5NUBteDEuZXhhbXBsZT4="));
		if (draft_chance(d, 80)) {
			draft_put(d, ", sasl_username=");
			draft_login(d, mask_printable, 100);
		}
		if (ours)
			draft_nothing(d);
		else
			draft_end(d, EXPECT_EVENT, KIND_AUTH_FAILURE, NONE);
		return;
	}
	draft_attack(d, mask_printable, what < 92 ? 100 : 400);
	if (what < 92) {
		draft_put(d, " authentication failed: ");
		draft_put(d, DRAFT_ONE(d, "no mechanism available",
		    "Invalid authentication mechanism: 'x'"));
	} else {
		draft_put(d, " authentication aborted");
	}
	draft_end(d, EXPECT_MAYBE, KIND_AUTH_FAILURE, KIND_PROTOCOL_ABUSE);
}

static void
put_tail(struct draft *d, const struct path *from, const struct path *to)
{
	if (from != NULL)
		draft_putf(d, "; from=<%s>", draft_chance(d, 10) ? "" :
		    from->quoted);
	draft_putf(d, "%s to=<%s> proto=%s helo=<", from == NULL ? ";" : "",
	    to->quoted, draft_chance(d, 80) ? "ESMTP" : "SMTP");
	draft_attack(d, mask_helo, 200);
	draft_put(d, ">");
	if (draft_chance(d, 10)) {
		draft_put(d, " sasl_method=PLAIN sasl_username=");
		draft_attack(d, mask_printable, 100);
	}
}

/* A refusal whose truth is none of relay_denied and unknown_recipient. */
static enum kind
put_refusal(struct draft *d, const struct path *from, const struct path *to)
{
	char raw[200], helo[200];
	size_t n = attack_raw(d, raw, sizeof raw);

	n = mask_helo(helo, raw, n, sizeof helo - 1);
	helo[n] = '\0';
	switch (draft_pick(d, 11)) {
	case 0:
		draft_putf(d, "554 5.7.1 <%s>: Sender address rejected: "
		    "Access denied", from->bare);
		break;
	case 1:
		draft_putf(d, "450 4.1.8 <%s>: Sender address rejected: "
		    "Domain not found", from->bare);
		break;
	case 2:
		draft_putf(d, "554 5.7.1 <%s>: Helo command rejected: "
		    "Access denied", helo);
		break;
	case 3:
		draft_putf(d, "504 5.5.2 <%s>: Helo command rejected: need "
		    "fully-qualified hostname", helo);
		break;
	case 4:
		draft_putf(d, "554 5.7.1 <%s>: Recipient address rejected: "
		    "Access denied", to->bare);
		break;
	case 5:
		draft_putf(d, "450 4.2.0 <%s>: Recipient address rejected: "
		    "Greylisted, see https://grey.example/", to->bare);
		break;
	case 6:
		draft_putf(d, "554 5.7.1 <%s>: Sender address rejected: "
		    "not owned by user ", from->bare);
		draft_attack(d, mask_printable, 100);
		break;
	case 7:
		draft_putf(d, "554 5.7.1 <%s[%s]>: Client host rejected: "
		    "Access denied", d->ptr[0] == '\0' ? "unknown" : d->ptr,
		    d->ip);
		break;
	case 8:
		draft_put(d, "550 5.7.25 Client host rejected: cannot find "
		    "your hostname, [192.0.2.1]");
		break;
	case 9:
		draft_putf(d, "554 5.7.1 <%s>: Recipient address rejected: ",
		    to->bare);
		draft_attack(d, mask_printable, 200);
		break;
	default:
		draft_putf(d, "554 5.7.1 Service unavailable; Client host "
		    "[%s] blocked using bl.example; https://bl.example/?",
		    d->ip);
		return KIND_DNSBL_REJECT;
	}
	return KIND_POLICY_REJECT;
}

static void
relay(struct draft *d)
{
	unsigned what = draft_pick(d, 100);
	struct path from, to;
	enum kind kind = KIND_RELAY_DENIED;

	postfix_path(d, &from);
	postfix_path(d, &to);
	draft_client(d);
	draft_begin(d, postfix_tag(d), postfix_pid(d));
	put_qid(d);
	draft_putf(d, ": %s: RCPT from ", what < 5 ? "reject_warning" :
	    what < 10 ? "milter-reject" : "reject");
	postfix_client(d);
	draft_put(d, ": ");
	if (what >= 5 && what < 10) {
		kind = KIND_POLICY_REJECT;
		draft_put(d, "550 5.7.1 ");
		draft_attack(d, mask_printable, 200);
	} else if (what < 55) {
		draft_putf(d, "%s <%s>: Relay access denied",
		    draft_chance(d, 80) ? "554 5.7.1" : "454 4.7.1", to.bare);
	} else {
		kind = put_refusal(d, &from, &to);
	}
	put_tail(d, &from, &to);
	if (what < 5)
		draft_nothing(d);
	else if (kind == KIND_RELAY_DENIED)
		draft_end(d, EXPECT_EVENT, kind, NONE);
	else
		draft_end(d, EXPECT_MAYBE, kind, KIND_SPAM_CONTENT);
}

static void
unknown_recipient(struct draft *d)
{
	struct path from, to;

	postfix_path(d, &from);
	postfix_path(d, &to);
	draft_client(d);
	draft_begin(d, postfix_tag(d), postfix_pid(d));
	put_qid(d);
	draft_put(d, ": reject: RCPT from ");
	postfix_client(d);
	draft_putf(d, ": 550 5.1.1 <%s>: Recipient address rejected: User "
	    "unknown in %s table", to.bare, DRAFT_ONE(d, "local recipient",
	    "virtual alias", "virtual mailbox", "relay recipient"));
	put_tail(d, &from, &to);
	draft_end(d, EXPECT_EVENT, KIND_UNKNOWN_RECIPIENT, NONE);
}

static void
verify(struct draft *d)
{
	struct path to;

	postfix_path(d, &to);
	draft_client(d);
	draft_begin(d, postfix_tag(d), postfix_pid(d));
	if (draft_chance(d, 10)) {
		draft_put(d, "warning: reject: ETRN ");
		draft_attack(d, mask_printable, 100);
		draft_put(d, "... from ");
		postfix_client(d);
		draft_end(d, EXPECT_MAYBE, KIND_PROTOCOL_ABUSE,
		    KIND_ENUMERATION);
		return;
	}
	draft_put(d, "NOQUEUE: reject: VRFY from ");
	postfix_client(d);
	if (draft_chance(d, 60))
		draft_putf(d, ": 554 5.7.1 <%s>: Relay access denied",
		    to.bare);
	else
		draft_putf(d, ": 550 5.1.1 <%s>: Recipient address rejected: "
		    "User unknown in local recipient table", to.bare);
	put_tail(d, NULL, &to);
	draft_end(d, EXPECT_EVENT, KIND_ENUMERATION, NONE);
}

static void
protocol(struct draft *d)
{
	const char *cmd = DRAFT_ONE(d, "CONNECT", "EHLO", "AUTH", "RCPT",
	    "DATA", "UNKNOWN", "END-OF-MESSAGE");

	draft_client(d);
	draft_begin(d, postfix_tag(d), postfix_pid(d));
	switch (draft_pick(d, 9)) {
	case 0:
	case 1:
		draft_put(d, "warning: non-SMTP command from ");
		break;
	case 2:
	case 3:
		draft_putf(d, "improper command pipelining after %s from ",
		    cmd);
		break;
	case 4:
		draft_putf(d, "too many errors after %s from ", cmd);
		postfix_client(d);
		draft_end(d, EXPECT_EVENT, KIND_PROTOCOL_ABUSE, NONE);
		return;
	case 5:
		draft_put(d, "warning: Illegal address syntax from ");
		postfix_client(d);
		draft_putf(d, " in %s command: ",
		    draft_chance(d, 50) ? "MAIL" : "RCPT");
		draft_attack(d, mask_printable, 100);
		draft_end(d, EXPECT_MAYBE, KIND_PROTOCOL_ABUSE, NONE);
		return;
	case 6:
		draft_put(d, "warning: 769FF2E0760: malformed BDAT command "
		    "syntax from ");
		postfix_client(d);
		draft_put(d, ": ");
		draft_attack(d, mask_printable, 100);
		draft_end(d, EXPECT_MAYBE, KIND_PROTOCOL_ABUSE, NONE);
		return;
	case 7:
		draft_putf(d, "lost connection after %s from ", cmd);
		postfix_client(d);
		draft_end(d, EXPECT_MAYBE, KIND_PROBE, NONE);
		return;
	default:
		draft_put(d, "disconnect from ");
		postfix_client(d);
		draft_put(d, " ehlo=1 auth=0/1 quit=1 commands=2/3");
		draft_end(d, EXPECT_MAYBE, KIND_PROBE, NONE);
		return;
	}
	postfix_client(d);
	draft_put(d, ": ");
	draft_attack(d, mask_printable, 100);
	draft_end(d, EXPECT_EVENT, KIND_PROTOCOL_ABUSE, NONE);
}

static const char *const sasl_targets[] = {
	"x[%a]: SASL LOGIN authentication failed: authentication failure, "
	"sasl_username=%w", "LOGIN authentication failed: x, sasl_username=%w",
	"%w, sasl_username=%w", "]: SASL PLAIN authentication failed: ",
	"unknown[%6]: SASL PLAIN authentication failed: %w",
	"x authentication failed: Connection lost to authentication server",
	"%w]:%n: SASL LOGIN authentication failed", NULL};
static const char *const reject_targets[] = {
	"%w>: Relay access denied; from=<%w", "x>: Relay access denied; "
	"from=<y> to=<x> proto=ESMTP helo=<z>; from=<a", "unknown[%a]: 554 "
	"5.7.1 <x>: Relay access denied; from=<y> to=<x", "x>: Relay access "
	"denied; from=<y> to=<x> proto=ESMTP helo=<z", "x>: Recipient address "
	"rejected: User unknown in local recipient table; from=<y",
	"x> to=<y> proto=ESMTP helo=<z", "reject: RCPT from x[%a]: 554 5.7.1 "
	"<a>: Relay access denied", "Relay access denied; from=<> to=<x",
	"x[%a]: 550 5.1.1 <y>: Recipient address rejected: User unknown", NULL};
static const char *const protocol_targets[] = {
	"x from unknown[%a]: GET /", "GET / HTTP/1.1 from x[%a]",
	"after AUTH from unknown[%a]: x", "unknown[%a]: SASL LOGIN "
	"authentication failed: x, sasl_username=%w", "from [%a]:%n after "
	"EHLO: x", " from [%a]:%n", "EHLO %a", "NOQUEUE: reject: RCPT from "
	"unknown[%a]: 554 5.7.1 <x>: Relay access denied; from=<y> to=<x> "
	"proto=ESMTP helo=<z>", NULL};

const struct format formats_postfix[] = {
	{"postfix SASL", HEAD_SYSLOG, sasl, sasl_targets, NULL},
	{"postfix SASL, RFC 5424", HEAD_RFC5424, sasl, sasl_targets, NULL},
	{"postfix SASL, short-iso", HEAD_SHORT_ISO, sasl, sasl_targets, NULL},
	{"postfix RCPT refused", HEAD_SYSLOG, relay, reject_targets, NULL},
	{"postfix unknown recipient", HEAD_SYSLOG, unknown_recipient,
	    reject_targets, NULL},
	{"postfix VRFY, ETRN", HEAD_SYSLOG, verify, reject_targets, NULL},
	{"postfix protocol", HEAD_SYSLOG, protocol, protocol_targets, NULL},
	{"postfix, nobody to blame", HEAD_SYSLOG, postfix_nobody,
	    protocol_targets, NULL},
	{"postscreen", HEAD_SYSLOG, postfix_postscreen, protocol_targets, NULL},
	{NULL},
};
