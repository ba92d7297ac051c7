/*
 * Hostile lines of Dovecot 2.3 and 2.4: login processes, auth, PAM; see
 * hostile.h.  The login stands ahead of the address, so that the last group
 * of the line is the trusted one.
 */
#include "tests/rules/hostile.h"

#define NONE KIND_NONE

static const char *
session(struct draft *d)
{
	return DRAFT_ONE(d, "OAqfOc9g7ap/QwEB", "RaqVMs9gla9/QwEB",
	    "Mn/POs9glaV/QwEN");
}

static void
begin_login(struct draft *d)
{
	const char *process = DRAFT_ONE(d, "imap-login", "pop3-login",
	    "submission-login", "managesieve-login");
	bool own = d->format->head == HEAD_DOVECOT;

	draft_client(d);
	draft_begin(d, "dovecot", own || draft_chance(d, 70) ? 0 : 4711);
	draft_putf(d, "%s: ", process);
	if (own || draft_chance(d, 20))
		draft_put(d, "Info: ");
}

/* Behind the login nothing is the client's. */
static void
put_addresses(struct draft *d)
{
	draft_putf(d, "rip=%s, lip=192.0.2.2", d->ip);
	switch (draft_pick(d, 5)) {
	case 0:
		draft_put(d, ", TLS");
		break;
	case 1:
		draft_put(d, ", TLS: Connection closed");
		break;
	case 2:
		draft_put(d, ", TLS: SSL_read() failed: error:0A000412:SSL "
		    "routines::sslv3 alert bad certificate");
		break;
	default:
		break;
	}
	if (draft_chance(d, 85))
		draft_putf(d, ", session=<%s>", session(d));
}

static void
put_user(struct draft *d)
{
	draft_put(d, ": user=<");
	draft_login(d, mask_sanitize, 80);
	draft_put(d, ">, ");
	if (draft_chance(d, 90))
		draft_putf(d, "method=%s, ", DRAFT_ONE(d, "PLAIN", "LOGIN",
		    "CRAM-MD5"));
}

static void
login(struct draft *d, const char *phrase, const char *reason,
    enum kind kind)
{
	begin_login(d);
	draft_putf(d, "%s (%s)", phrase, reason);
	put_user(d);
	put_addresses(d);
	draft_end(d, kind == KIND_AUTH_FAILURE ? EXPECT_EVENT : EXPECT_MAYBE,
	    kind, kind == KIND_AUTH_FAILURE ? NONE : KIND_PROTOCOL_ABUSE);
}

static void
login_success(struct draft *d)
{
	begin_login(d);
	draft_put(d, "Login");
	put_user(d);
	draft_putf(d, "rip=%s, lip=192.0.2.2, mpid=%u, TLS, session=<%s>",
	    d->ip, draft_pick(d, 30000), session(d));
	draft_nothing(d);
}

static void
login_23(struct draft *d)
{
	const char *phrase = DRAFT_ONE(d, "Aborted login", "Disconnected",
	    "Disconnected: Aborted login by logging out",
	    "Disconnected: Inactivity", "Disconnected: Connection closed",
	    "Client has quit the connection", "Remote closed connection");

	switch (draft_pick(d, 10)) {
	case 0:
		login_success(d);
		break;
	case 1:
	case 2:
		login(d, phrase, DRAFT_ONE(d, "no auth attempts in 1 secs",
		    "client didn't finish SASL auth, waited 2 secs",
		    "disconnected before auth was ready, waited 0 secs",
		    "disconnected during TLS handshake"), KIND_PROBE);
		break;
	default:
		login(d, phrase, DRAFT_ONE(d, "auth failed, 1 attempts",
		    "auth failed, 1 attempts in 2 secs",
		    "auth failed, 12 attempts in 178 secs"),
		    KIND_AUTH_FAILURE);
	}
}

static void
login_24(struct draft *d)
{
	const char *phrase = DRAFT_ONE(d, "Login aborted: Logged out",
	    "Login aborted: Connection closed", "Login aborted: Inactivity");

	switch (draft_pick(d, 10)) {
	case 0:
		login_success(d);
		break;
	case 1:
	case 2:
		login(d, phrase, DRAFT_ONE(d,
		    "no auth attempts in 1 secs) (no_auth_attempts",
		    "client didn't finish SASL auth, 1 attempts in 0 secs) "
		    "(auth_waiting_client"), KIND_PROBE);
		break;
	default:
		login(d, phrase, DRAFT_ONE(d,
		    "auth failed, 1 attempts in 0 secs) (auth_failed",
		    "auth failed, 3 attempts in 12 secs) (auth_failed"),
		    KIND_AUTH_FAILURE);
	}
}

/* What ends a line of auth; a tried password is the client's, too. */
static enum expect
put_auth_end(struct draft *d)
{
	draft_put(d, DRAFT_ONE(d, "unknown user", "Password mismatch",
	    "invalid credentials"));
	if (draft_chance(d, 80))
		return EXPECT_EVENT;
	draft_put(d, " (given password: ");
	draft_attack(d, mask_printable, 100);
	draft_put(d, ")");
	return EXPECT_MAYBE;
}

static void
auth_23(struct draft *d)
{
	enum expect expect;

	draft_client(d);
	draft_begin(d, "dovecot", 0);
	if (draft_chance(d, 50))
		draft_put(d, "auth: ");
	else
		draft_put(d, "auth-worker(246): ");
	if (draft_chance(d, 20))
		draft_put(d, "Info: ");
	if (draft_chance(d, 30))
		draft_put(d, "conn unix:auth-worker (pid=245,uid=101): "
		    "auth-worker<1>: ");
	draft_putf(d, "%s(", DRAFT_ONE(d, "passwd-file", "pam", "sql", "ldap",
	    "cram-md5"));
	if (draft_chance(d, 10)) {
		/* a lookup for a recipient: no client, no address */
		draft_attack(d, mask_sanitize, 52);
		draft_put(d, "@near.example): unknown user");
		draft_nothing(d);
		return;
	}
	draft_login(d, mask_sanitize, 64);
	draft_putf(d, ",%s", d->ip);
	if (draft_chance(d, 80))
		draft_putf(d, ",<%s>", session(d));
	draft_put(d, "): ");
	expect = put_auth_end(d);
	draft_end(d, expect, KIND_AUTH_FAILURE, NONE);
}

static void
auth_24(struct draft *d)
{
	enum expect expect;

	draft_client(d);
	draft_begin(d, "dovecot", 0);
	draft_put(d, "auth(");
	draft_login(d, mask_sanitize, 64);
	draft_putf(d, ",%s,sasl:%s)", d->ip, DRAFT_ONE(d, "plain", "login"));
	if (draft_chance(d, 80))
		draft_putf(d, "<%s>", session(d));
	draft_put(d, ": ");
	if (draft_chance(d, 20))
		draft_put(d, "Info: ");
	draft_putf(d, "%s: ", DRAFT_ONE(d, "passwd-file", "pam", "sql"));
	expect = put_auth_end(d);
	draft_end(d, expect, KIND_AUTH_FAILURE, NONE);
}

static void
pam(struct draft *d)
{
	draft_client(d);
	switch (draft_pick(d, 3)) {
	case 0:
		draft_begin(d, "auth", 0);
		break;
	case 1:
		draft_begin(d, "dovecot-auth", 0);
		break;
	default:
		draft_begin(d, "auth", 4711);
	}
	draft_put(d, "pam_unix(dovecot:auth): authentication failure; "
	    "logname= uid=0 euid=0 tty=dovecot ruser=");
	draft_login(d, mask_octal, 200);
	draft_putf(d, " rhost=%s %s", d->ip,
	    draft_chance(d, 20) ? " user=alice" : "");
	draft_end(d, EXPECT_EVENT, KIND_AUTH_FAILURE, NONE);
}

static const char *const login_targets[] = {
	"x>, method=PLAIN, rip=%a, lip=192.0.2.2, session=<a",
	"x>, rip=%a, lip=%a, TLS, session=<a", "x (auth failed, 1 attempts): "
	"user=<%w>, rip=%a, lip=%a", "(auth failed, 1 attempts in 2 secs): "
	"user=<root", "%w>, rip=%a", "x>, method=PLAIN, rip=%6, lip=%6",
	"x>, rip=%a, lip=%a, session=<yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
	NULL};
static const char *const auth_targets[] = {
	"%w,%a): unknown user", "%w,%a,<OAqfOc9g7ap/QwEB>): unknown user",
	"x,%a", "%w,%6,<a>): Password mismatch", "x,%a,sasl:plain)<a>: "
	"passwd-file: unknown user", "x,%a,sasl:plain): pam: unknown user",
	"x,%a,<a>): unknown user (given password: x", "x,%a,sasl:login)<b>: "
	"sql: Password mismatch (given password: y", "x,%a,<a>): "
	"pam_authenticate() failed: Authentication failure (Password "
	"mismatch?", "x,%a): Password mismatch (for LDAP bind", "x,%a,"
	"sasl:plain): pam: pam_authenticate() failed: Authentication failure "
	"(Password mismatch?", NULL};
static const char *const pam_targets[] = {
	"x rhost=%a", "x rhost=%a  user=%w", "%w rhost=%6 ", "rhost=%a",
	"root rhost=%a  user=root rhost=", NULL};

const struct format formats_dovecot[] = {
	{"dovecot 2.3 login", HEAD_SYSLOG, login_23, login_targets, NULL},
	{"dovecot 2.4 login", HEAD_SYSLOG, login_24, login_targets, NULL},
	{"dovecot login, own file", HEAD_DOVECOT, login_23, login_targets,
	    NULL},
	{"dovecot 2.3 auth", HEAD_SYSLOG, auth_23, auth_targets, NULL},
	{"dovecot 2.4 auth", HEAD_SYSLOG, auth_24, auth_targets, NULL},
	{"dovecot PAM", HEAD_SYSLOG, pam, pam_targets, NULL},
	{NULL},
};
