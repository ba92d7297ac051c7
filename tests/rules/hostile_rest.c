/*
 * Hostile lines of sendmail, Courier, Cyrus and OpenSMTPD, and lines that
 * syslog cuts where the client wants it; see hostile.h.
 */
#include <string.h>

#include "tests/rules/hostile.h"

#define NONE KIND_NONE

static void
put_relay(struct draft *d)
{
	bool v6 = strchr(d->ip, ':') != NULL;

	if (d->ptr[0] != '\0')
		draft_putf(d, "%s ", d->ptr);
	draft_putf(d, "[%s%s]", v6 ? "IPv6:" : "", d->ip);
	if (d->ptr[0] != '\0' && draft_chance(d, 30))
		draft_put(d, " (may be forged)");
}

static void
begin_sendmail(struct draft *d)
{
	draft_client(d);
	draft_begin(d, DRAFT_ONE(d, "sm-mta", "sendmail"),
	    100 + draft_pick(d, 30000));
	draft_putf(d, "6ALKM%c%cX%06u: ", 'A' + (int)draft_pick(d, 26),
	    'a' + (int)draft_pick(d, 26), draft_pick(d, 1000000));
}

static void
sendmail_auth(struct draft *d)
{
	char raw[300], shown[400];
	size_t n, k;

	begin_sendmail(d);
	n = attack_raw(d, raw, sizeof raw);
	n = mask_exim(shown, raw, n, 300);
	if (draft_chance(d, 50)) {
		draft_put(d, "AUTH failure (CRAM-MD5): user not found (-20) "
		    "SASL(-13): user not found: user: ");
		draft_bytes(d, shown, n);
		draft_put(d, "@mx1 property: cmusaslsecretCRAM-MD5 not found "
		    "in sasldb");
		for (k = 0; k < n && k < 64 && shown[k] != ' '; k++)
			;
	} else {
		draft_put(d, "AUTH failure (LOGIN): authentication failure "
		    "(-13) SASL(-13): authentication failure: checkpass "
		    "failed");
		k = n < 64 ? n : 64;
	}
	draft_put(d, ", user=");
	draft_bytes(d, shown, k);
	draft_is_login(d, shown, k);
	draft_put(d, ", relay=");
	put_relay(d);
	draft_end(d, EXPECT_EVENT, KIND_AUTH_FAILURE, NONE);
}

static void
sendmail_ruleset(struct draft *d)
{
	char raw[200], path[260];
	size_t n;
	unsigned what = draft_pick(d, 4);

	begin_sendmail(d);
	n = attack_raw(d, raw, sizeof raw);
	n = mask_exim(path, raw, n, 220);
	snprintf(path + n, sizeof path - n, "%s",
	    draft_chance(d, 50) ? "\"@far.example" : "@far.example");
	draft_putf(d, "ruleset=%s, arg1=<%s%s>, relay=",
	    what == 3 ? "check_mail" : "check_rcpt",
	    path[n] == '"' ? "\"" : "", path);
	put_relay(d);
	draft_putf(d, ", reject=%s <%s%s>... ",
	    what == 3 ? "553 5.1.8" : "550 5.7.1", path[n] == '"' ? "\"" : "",
	    path);
	if (what < 2) {
		draft_put(d, "Relaying denied");
		if (draft_chance(d, 50))
			draft_putf(d, ". IP name lookup failed [%s%s]",
			    strchr(d->ip, ':') != NULL ? "IPv6:" : "", d->ip);
		draft_end(d, EXPECT_EVENT, KIND_RELAY_DENIED, NONE);
		return;
	}
	if (what == 3)
		draft_putf(d, "Domain of sender address %s does not exist",
		    path);
	else
		draft_put(d, "Access denied");
	draft_end(d, EXPECT_MAYBE, KIND_POLICY_REJECT, NONE);
}

static void
sendmail_rest(struct draft *d)
{
	static const char *const before[] = {"", "", "",
		"invalid domain name (", "<", "from=<"};
	static const char *const behind[] = {": probable open proxy: command=",
		": VRFY ", ": EXPN ", "", "", ""};
	unsigned what = draft_pick(d, 6);

	begin_sendmail(d);
	if (what < 3) {
		put_relay(d);
		draft_put(d, behind[what]);
		draft_attack(d, mask_exim, 200);
		draft_end(d, EXPECT_MAYBE, what == 0 ? KIND_PROTOCOL_ABUSE :
		    KIND_ENUMERATION, NONE);
		return;
	}
	draft_put(d, before[what]);
	draft_attack(d, mask_exim, 200);
	if (what == 3) {
		draft_put(d, ") from ");
		put_relay(d);
		draft_end(d, EXPECT_MAYBE, KIND_PROTOCOL_ABUSE, NONE);
	} else if (what == 4) {
		draft_put(d, ">... User unknown");
		draft_nothing(d);
	} else {
		draft_put(d, ">, size=0, class=0, nrcpts=0, proto=ESMTP, "
		    "daemon=MTA-v4, relay=");
		put_relay(d);
		draft_end(d, EXPECT_MAYBE, KIND_UNKNOWN_RECIPIENT, NONE);
	}
}

static void
courier(struct draft *d)
{
	draft_client(d);
	draft_begin(d, DRAFT_ONE(d, "imapd", "pop3d", "imapd-ssl",
	    "courierpop3login"), 0);
	draft_put(d, "LOGIN FAILED, ");
	if (draft_chance(d, 10)) {
		draft_put(d, "method=PLAIN");
	} else {
		draft_put(d, "user=");
		draft_login(d, mask_octal, 300);
	}
	draft_putf(d, ", ip=[%s%s]", strchr(d->ip, ':') != NULL ? "" :
	    "::ffff:", d->ip);
	if (draft_chance(d, 70))
		draft_putf(d, ", port=[%u]", draft_pick(d, 65536));
	draft_end(d, EXPECT_EVENT, KIND_AUTH_FAILURE, NONE);
}

static void
cyrus(struct draft *d)
{
	const char *why = DRAFT_ONE(d, "authentication failure: checkpass "
	    "failed", "user not found: checkpass failed");
	char raw[200], user[820];
	size_t n;

	draft_client(d);
	n = attack_raw(d, raw, sizeof raw);
	n = mask_caret(user, raw, n, sizeof user - 1);
	user[n] = '\0';
	draft_begin(d, DRAFT_ONE(d, "cyrus/imap", "cyrus/pop3", "cyrus/imaps"),
	    100 + draft_pick(d, 30000));
	draft_put(d, "badlogin: ");
	if (d->ptr[0] != '\0')
		draft_putf(d, "%s ", d->ptr);
	draft_putf(d, "[%s] ", d->ip);
	draft_is_login(d, user, n);
	switch (draft_pick(d, 4)) {
	case 0:
		draft_put(d, "plaintext ");
		draft_put(d, user);
		draft_putf(d, " SASL(-13): %s", why);
		break;
	case 1:
		draft_put(d, "plaintext (");
		draft_put(d, user);
		draft_put(d, ") invalid user");
		break;
	case 2:
		draft_put(d, "CRAM-MD5 (");
		draft_put(d, user);
		draft_put(d, ") [SASL(-13): user not found: user: ");
		draft_put(d, user);
		draft_put(d, "@mx1 property: userPassword not found]");
		break;
	default:
		draft_put(d, "PLAIN (");
		draft_put(d, user);
		draft_putf(d, ") [SASL(-13): %s]", why);
	}
	draft_end(d, EXPECT_EVENT, KIND_AUTH_FAILURE, NONE);
}

/* Two sessions, so that an address must be kept for the right one. */
static void
opensmtpd(struct draft *d)
{
	char ip[2][ADDR_TEXT_BYTES];
	unsigned long long id[2];
	unsigned what;

	for (int i = 0; i < 2; i++) {
		draft_client(d);
		memcpy(ip[i], d->ip, sizeof ip[i]);
		id[i] = 0x1000000000000000ULL + draft_pick(d, 0xfffffff0) +
		    ((unsigned long long)draft_pick(d, 0xffffff) << 32);
		draft_begin(d, "smtpd", 84);
		draft_putf(d, "%016llx smtp connected address=%s host=%s",
		    id[i], d->ip, d->ptr[0] == '\0' ? "<unknown>" : d->ptr);
		draft_nothing(d);
	}
	for (int i = 1; i >= 0; i--) {
		memcpy(d->ip, ip[i], sizeof d->ip);
		what = draft_pick(d, 4);
		draft_begin(d, "smtpd", 84);
		draft_putf(d, "%016llx smtp ", id[i]);
		if (what == 0) {
			draft_put(d, "authentication user=");
			draft_login(d, mask_vis, 200);
			draft_put(d, " result=permfail");
			draft_end(d, EXPECT_MAYBE, KIND_AUTH_FAILURE, NONE);
			continue;
		}
		draft_put(d, "failed-command command=\"");
		if (what == 1) {
			draft_put(d, "AUTH LOGIN (password)\" result=\"535 "
			    "Authentication failed\"");
			draft_end(d, EXPECT_MAYBE, KIND_AUTH_FAILURE, NONE);
			continue;
		}
		draft_put(d, what == 2 ? "RCPT TO:<" : "HELO ");
		draft_attack(d, mask_octal, 200);
		draft_put(d, what == 2 ? ">\" result=\"550 Invalid recipient: "
		    "<x>\"" : "\" result=\"503 5.5.1 Invalid command: Already "
		    "identified\"");
		/* relay and unknown user are the same text here */
		draft_end(d, EXPECT_MAYBE, what == 2 ? KIND_UNKNOWN_RECIPIENT :
		    KIND_PROTOCOL_ABUSE, NONE);
	}
	for (int i = 0; i < 2; i++) {
		memcpy(d->ip, ip[i], sizeof d->ip);
		draft_begin(d, "smtpd", 84);
		draft_putf(d, "%016llx smtp disconnected reason=quit", id[i]);
		draft_nothing(d);
	}
}

/* Syslog keeps so many bytes of a record; a client that fills them chooses
 * where the line ends, and so what stands last in it. */
static void
cut(struct draft *d)
{
	static const char *const ends[] = {
		", ip=[::ffff:%a], port=[%n]", " rhost=%a ",
		", user=x, relay=[%a]",
		"\" H=(x) [%a] AUTH command used when not advertised"};
	static const char *const tags[] = {"imapd", "auth", "sm-mta", "exim"};
	static const char *const begins[] = {"LOGIN FAILED, user=",
		"pam_unix(dovecot:auth): authentication failure; logname= "
		"uid=0 euid=0 tty=dovecot ruser=", "6ALKMGjX000115: AUTH "
		"failure (CRAM-MD5): user not found (-20) SASL(-13): user not "
		"found: user: ", "SMTP protocol error in \"AUTH "};
	unsigned what = draft_pick(d, 4);
	size_t limit = draft_chance(d, 50) ? 1024 : 2048, n;
	char end[300];

	draft_client(d);
	draft_begin(d, tags[what], what < 2 ? 0 : 115);
	draft_put(d, begins[what]);
	n = attack_expand(d, end, sizeof end, ends[what]);
	/* what counts towards the limit differs, and he may miss it */
	if (draft_chance(d, 50))
		limit -= draft_pick(d, 40);
	while (d->n < limit - n)
		draft_put(d, "x");
	draft_bytes(d, end, n);
	draft_cut(d, limit);
	draft_end(d, EXPECT_MAYBE, what == 3 ? KIND_PROTOCOL_ABUSE :
	    KIND_AUTH_FAILURE, NONE);
}

static const char *const sendmail_targets[] = {
	"criminal, relay=[%a]", "v>, relay=[%a], reject=550 5.7.1 <z",
	"x>, relay=a [%a] (may be forged), reject=550 5.7.1 <x>... Relaying "
	"denied", "x>... Relaying denied", "x, user=root, relay=[%a]",
	"x@mx1 property: y, user=z, relay=[%a]", "x, relay=[IPv6:%6]",
	"x [%a]: EXPN root [rejected]", "x) from [%a]", "x>... Relaying "
	"denied. IP name lookup failed [%a]", NULL};
static const char *const courier_targets[] = {
	"root, ip=[::ffff:%a]", "root, ip=[%a], port=[%n]", "x, ip=[%6]",
	"LOGIN FAILED, user=x, ip=[%a]", NULL};
static const char *const cyrus_targets[] = {
	"x [%a] plaintext root SASL(-13): authentication failure: checkpass "
	"failed", "[%a]", "x) [%a] PLAIN (y", "badlogin: y [%a] plaintext z",
	NULL};
static const char *const opensmtpd_targets[] = {
	"x\" address=%a result=\"535 Authentication failed\"",
	"x\" result=\"535 Authentication failed\"", "x>\" result=\"550 Invalid "
	"recipient: <y>\" address=%a", "smtp connected address=%a host=x",
	"x address=%a", NULL};

const struct format formats_rest[] = {
	{"sendmail check_rcpt", HEAD_SYSLOG, sendmail_ruleset,
	    sendmail_targets, NULL},
	{"sendmail AUTH", HEAD_SYSLOG, sendmail_auth, sendmail_targets, NULL},
	{"sendmail, other", HEAD_SYSLOG, sendmail_rest, sendmail_targets,
	    NULL},
	{"courier", HEAD_SYSLOG, courier, courier_targets, NULL},
	{"cyrus", HEAD_SYSLOG, cyrus, cyrus_targets, NULL},
	{"opensmtpd sessions", HEAD_SYSLOG, opensmtpd, opensmtpd_targets,
	    NULL},
	{"lines cut by syslog", HEAD_SYSLOG, cut, courier_targets, NULL},
	{NULL},
};
