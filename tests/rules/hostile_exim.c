/*
 * Hostile lines of Exim: main log, reject log, syslog; see hostile.h.
 */
#include "tests/rules/hostile.h"

#define NONE KIND_NONE

static void
begin(struct draft *d)
{
	enum head head = d->format->head;

	draft_client(d);
	draft_begin(d, "exim", 100 + draft_pick(d, 30000));
	/* to syslog its own stamp comes again unless told otherwise */
	if (head == HEAD_SYSLOG && draft_chance(d, 50))
		draft_put(d, "2026-03-01 00:00:00 ");
	if (draft_chance(d, 20))
		draft_putf(d, "[%u] ", 100 + draft_pick(d, 30000));
}

/* [name ][(helo) ][address][:port][ I=[ours]:port] */
static void
put_host(struct draft *d, draft_mask *helo)
{
	if (d->ptr[0] != '\0')
		draft_putf(d, "%s ", d->ptr);
	if (draft_chance(d, 85)) {
		draft_put(d, "(");
		draft_attack(d, helo, 200);
		draft_put(d, ") ");
	}
	draft_putf(d, "[%s]", d->ip);
	if (draft_chance(d, 30))
		draft_putf(d, ":%u", 1024 + draft_pick(d, 60000));
	if (draft_chance(d, 30))
		draft_put(d, " I=[192.0.2.2]:25");
}

static void
auth(struct draft *d, draft_mask *helo)
{
	begin(d);
	draft_putf(d, "%s authenticator failed for ", DRAFT_ONE(d,
	    "login_server", "dovecot_login", "plain", "cram"));
	put_host(d, helo);
	draft_put(d, ": 535 Incorrect authentication data");
	if (draft_chance(d, 90)) {
		draft_put(d, " (set_id=");
		draft_login(d, mask_exim, 300);
		draft_put(d, ")");
	}
	draft_end(d, EXPECT_EVENT, KIND_AUTH_FAILURE, NONE);
}

static void
auth_default(struct draft *d)
{
	auth(d, mask_exim_helo);
}

static void
auth_any_helo(struct draft *d)
{
	auth(d, mask_exim);
}

static void
put_path(struct draft *d)
{
	draft_put(d, draft_chance(d, 80) ? "<\"" : "<");
	draft_attack(d, mask_exim, 200);
	draft_put(d, draft_chance(d, 80) ? "\"@far.example>" : "@far.example>");
}

static void
recipient(struct draft *d)
{
	enum expect expect = EXPECT_MAYBE;
	enum kind kind = KIND_POLICY_REJECT;

	begin(d);
	draft_put(d, "H=");
	put_host(d, mask_exim_helo);
	if (draft_chance(d, 20))
		draft_put(d, " X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__"
		    "AES_256_GCM:256 CV=no");
	if (draft_chance(d, 10)) {
		draft_put(d, " sender verify fail for ");
		put_path(d);
		draft_put(d, ": response to \"RCPT TO:<x@y.example>\" from "
		    "mx.evil.example [198.51.100.25] was: 550 ");
		draft_attack(d, mask_exim, 300);
		draft_end(d, EXPECT_MAYBE, kind, KIND_UNKNOWN_RECIPIENT);
		return;
	}
	draft_put(d, " F=");
	if (draft_chance(d, 20))
		draft_put(d, "<>");
	else
		put_path(d);
	draft_put(d, draft_chance(d, 5) ? " temporarily" : "");
	draft_put(d, " rejected RCPT ");
	put_path(d);
	switch (draft_pick(d, 6)) {
	case 0:
	case 1:
	case 2:
		draft_put(d, ": relay not permitted");
		kind = KIND_RELAY_DENIED;
		expect = EXPECT_EVENT;
		break;
	case 3:
		draft_put(d, ": Unrouteable address");
		kind = KIND_UNKNOWN_RECIPIENT;
		expect = EXPECT_EVENT;
		break;
	case 4:
		draft_put(d, ": Sender verify failed");
		break;
	default:
		draft_put(d, ": Sender blocked");
	}
	draft_end(d, expect, kind, kind == KIND_POLICY_REJECT ?
	    KIND_UNKNOWN_RECIPIENT : NONE);
}

static void
quoted_first(struct draft *d, const char *before, const char *behind)
{
	draft_put(d, before);
	draft_attack(d, mask_exim, 400);
	draft_put(d, "\" H=");
	put_host(d, mask_exim_helo);
	draft_put(d, behind);
	draft_end(d, EXPECT_MAYBE, KIND_PROTOCOL_ABUSE, NONE);
}

static void
host_first(struct draft *d, const char *before, const char *behind,
    const char *end, enum kind kind)
{
	draft_put(d, before);
	put_host(d, mask_exim_helo);
	draft_put(d, behind);
	draft_attack(d, mask_exim, 300);
	draft_put(d, end);
	draft_end(d, EXPECT_MAYBE, kind, KIND_PROTOCOL_ABUSE);
}

static void
protocol(struct draft *d)
{
	begin(d);
	switch (draft_pick(d, 12)) {
	case 0:
		quoted_first(d, "SMTP protocol error in \"",
		    " AUTH command used when not advertised");
		break;
	case 1:
		quoted_first(d, "SMTP protocol error in \"",
		    " LOGIN authentication mechanism not supported");
		break;
	case 2:
		quoted_first(d, "SMTP syntax error in \"",
		    " unrecognized command");
		break;
	case 3:
		host_first(d, "SMTP protocol synchronization error (input "
		    "sent without waiting for greeting): rejected connection "
		    "from H=", " input=\"", "\"", KIND_PROTOCOL_ABUSE);
		break;
	case 4:
		host_first(d, "SMTP protocol synchronization error (next "
		    "input sent too soon: pipelining was not advertised): "
		    "rejected \"EHLO x\" H=", " next input=\"", "\"",
		    KIND_PROTOCOL_ABUSE);
		break;
	case 5:
		host_first(d, "SMTP call from ", " dropped: too many "
		    "unrecognized commands (last was \"", "\")",
		    KIND_PROTOCOL_ABUSE);
		break;
	case 6:
		draft_putf(d, "rejected EHLO from [%s]: syntactically invalid "
		    "argument(s): ", d->ip);
		draft_attack(d, mask_exim, 300);
		draft_end(d, EXPECT_MAYBE, KIND_PROTOCOL_ABUSE, NONE);
		break;
	case 7:
		draft_put(d, "unqualified verify rejected: <");
		draft_attack(d, mask_exim, 200);
		draft_put(d, "> H=");
		put_host(d, mask_exim_helo);
		draft_end(d, EXPECT_MAYBE, KIND_ENUMERATION, NONE);
		break;
	case 8:
		host_first(d, "H=", draft_chance(d, 50) ? " rejected VRFY " :
		    " rejected EXPN ", "", KIND_ENUMERATION);
		break;
	case 9:
		host_first(d, "H=", " rejected MAIL ", ": Access denied",
		    KIND_POLICY_REJECT);
		break;
	case 10:
		host_first(d, "H=", " rejected EHLO or HELO ", ": bad helo",
		    KIND_POLICY_REJECT);
		break;
	default:
		draft_putf(d, "no IP address found for host %s (during SMTP "
		    "connection from ", d->ptr[0] == '\0' ? "x.example" :
		    d->ptr);
		put_host(d, mask_exim_helo);
		draft_put(d, ")");
		draft_end(d, EXPECT_MAYBE, KIND_PTR_MISMATCH, NONE);
	}
}

static void
syslog(struct draft *d)
{
	switch (draft_pick(d, 3)) {
	case 0:
		auth_default(d);
		break;
	case 1:
		recipient(d);
		break;
	default:
		protocol(d);
	}
}

/* Behind a rejection after DATA come the headers as the client sent them. */
static void
rejectlog(struct draft *d)
{
	draft_client(d);
	draft_begin(d, "", 0);
	draft_put(d, DRAFT_ONE(d, " ", "\t", "P ", "  Subject: ", "F From: ",
	    "I Message-ID: ", "  ", " \t"));
	draft_attack(d, mask_octal, 500);
	draft_nothing(d);
}

static const char *const auth_targets[] = {
	"x) [%a]: 535 Incorrect authentication data (set_id=%w",
	"%w) [%a]:%n I=[192.0.2.2]:25: 535 Incorrect authentication data",
	"[%a]", "([%a]) [%a]: 535 Incorrect authentication data (set_id=x",
	"[%6", "x [%a]", "2026-03-01 00:00:00 login authenticator failed for "
	"(User) [%a]: 535 Incorrect authentication data (set_id=root)", NULL};
static const char *const recipient_targets[] = {
	"v>: relay not permitted H=[%a]", "x [%a] F=<y> rejected RCPT <z>: "
	"relay not permitted", "x\"> rejected RCPT <z>: relay not permitted",
	"x> rejected RCPT <y>: relay not permitted", "a> rejected RCPT <b>: "
	"Unrouteable address", "x\\\" [%a] F=<y", "H=(x) [%a] F=<a@b> rejected "
	"RCPT <c@d>: relay not permitted", "[%a]", ">: relay not permitted",
	NULL};
static const char *const protocol_targets[] = {
	"AUTH LOGIN\" H=(x) [%a] AUTH command used when not advertised",
	"AUTH LOGIN\" H=(test) [%a]\" H=(x) [%a]", "x\" H=[%a] unrecognized "
	"command", "x> H=(y) [%a]", "x\" H=(y) [%a] next input=\"z",
	"x [%a] dropped: too many unrecognized commands (last was \"y",
	"x F=<a@b> rejected RCPT <c@d>: relay not permitted",
	"x login authenticator failed for (y) [%a]: 535 Incorrect "
	"authentication data (set_id=z)", "[%a]", NULL};

const struct format formats_exim[] = {
	{"exim authenticator", HEAD_EXIM, auth_default, auth_targets, NULL},
	{"exim authenticator, any HELO", HEAD_EXIM, auth_any_helo,
	    auth_targets, "helo_accept_junk_hosts lets a HELO look exactly "
	    "like the end of the line: nothing in it tells them apart"},
	{"exim RCPT refused", HEAD_EXIM, recipient, recipient_targets, NULL},
	{"exim protocol", HEAD_EXIM, protocol, protocol_targets, NULL},
	{"exim to syslog", HEAD_SYSLOG, syslog, protocol_targets, NULL},
	{"exim reject log, headers", HEAD_NONE, rejectlog, auth_targets, NULL},
	{NULL},
};
