/*
 * The lines of a busy mail server, with those of clients that misbehave; see
 * logs.h.  Addresses are of RFC 2544's benchmark range.
 */
#include <stdio.h>
#include <string.h>

#include "tests/bench/logs.h"

struct cast {
	char client[96]; /* name[address] */
	char ip[24];
	char user[32];
	char from[48], to[48];
	char qid[16];
	unsigned pid;
};

static const char *const users[] = {"info", "admin", "office", "test",
	"sales", "postmaster", "carol", "dave", "support", "scanner"};
static const char *const domains[] = {"example.org", "example.net",
	"mail.example", "shop.example", "uni.example"};

/* Those with a mailbox here who log in, each from one place: some 70 times a
 * day, which is what mail programs do that look every twenty minutes. */
enum { MAILBOXES = 3000 };

static void
choose_client(struct cast *c, unsigned place, unsigned name)
{
	unsigned a = place >> 16 & 1, b = place >> 8 & 255, e = place & 255;

	snprintf(c->ip, sizeof c->ip, "198.%u.%u.%u", 18 + a, b, e);
	if (name >= 6)
		snprintf(c->client, sizeof c->client, "unknown[%s]", c->ip);
	else
		snprintf(c->client, sizeof c->client,
		    "host-%u-%u.pool%u.%s[%s]", b, e, a, domains[name % 5],
		    c->ip);
}

/* Somebody who may log in. */
static struct cast
owner(struct logs *l, const struct cast *other)
{
	unsigned u = logs_pick(l, MAILBOXES);
	struct cast c = *other;

	choose_client(&c, u * 40503, u % 10);
	snprintf(c.from, sizeof c.from, "%s%u@%s", users[u % 10], u,
	    domains[u % 3]);
	return c;
}

static void
choose(struct logs *l, struct cast *c)
{
	choose_client(c, logs_pick(l, 1 << 17), logs_pick(l, 10));
	snprintf(c->user, sizeof c->user, "%s", users[logs_pick(l, 10)]);
	snprintf(c->from, sizeof c->from, "%s%u@%s", users[logs_pick(l, 10)],
	    logs_pick(l, 1000), domains[logs_pick(l, 5)]);
	snprintf(c->to, sizeof c->to, "%s%u@%s", users[logs_pick(l, 10)],
	    logs_pick(l, 1000), domains[logs_pick(l, 5)]);
	snprintf(c->qid, sizeof c->qid, "4%05X%05X", logs_pick(l, 1 << 20),
	    logs_pick(l, 1 << 20));
	c->pid = 1000 + logs_pick(l, 60000);
}

#define LINE(...) (size_t)snprintf(out + n, cap - n, __VA_ARGS__)

static size_t
hit_postfix(struct logs *l, const struct cast *c, char *out, size_t cap,
    size_t n)
{
	const char *tag = logs_pick(l, 3) == 0 ? "submission/smtpd" : "smtpd";
	unsigned what = logs_pick(l, 100);

	if (what < 45)
		return LINE("postfix/%s[%u]: warning: %s: SASL LOGIN "
		    "authentication failed: UGFzc3dvcmQ6, sasl_username=%s\n",
		    tag, c->pid, c->client, c->from);
	if (what < 65)
		return LINE("postfix/%s[%u]: warning: %s: SASL PLAIN "
		    "authentication failed: authentication failure\n", tag,
		    c->pid, c->client);
	if (what < 80)
		return LINE("postfix/smtpd[%u]: NOQUEUE: reject: RCPT from "
		    "%s: 554 5.7.1 <%s>: Relay access denied; from=<%s> "
		    "to=<%s> proto=ESMTP helo=<mail.example>\n", c->pid,
		    c->client, c->to, c->from, c->to);
	if (what < 95)
		return LINE("postfix/smtpd[%u]: NOQUEUE: reject: RCPT from "
		    "%s: 550 5.1.1 <%s>: Recipient address rejected: User "
		    "unknown in virtual mailbox table; from=<%s> to=<%s> "
		    "proto=ESMTP helo=<mail.example>\n", c->pid, c->client,
		    c->to, c->from, c->to);
	return LINE("postfix/smtpd[%u]: improper command pipelining after "
	    "EHLO from %s: QUIT\\r\\n\n", c->pid, c->client);
}

static size_t
hit_dovecot(struct logs *l, const struct cast *c, char *out, size_t cap,
    size_t n)
{
	return LINE("dovecot: %s-login: Disconnected: Aborted login by "
	    "logging out (auth failed, 1 attempts in 2 secs): user=<%s>, "
	    "method=PLAIN, rip=%s, lip=192.0.2.2, TLS, session=<%s/QwEB>\n",
	    logs_pick(l, 4) == 0 ? "pop3" : "imap", c->from, c->ip, c->qid);
}

static size_t
hit_rest(struct logs *l, const struct cast *c, char *out, size_t cap,
    size_t n)
{
	switch (logs_pick(l, 3)) {
	case 0:
		return LINE("sm-mta[%u]: 6ALKMGjX000115: ruleset=check_rcpt, "
		    "arg1=<%s>, relay=[%s], reject=550 5.7.1 <%s>... Relaying "
		    "denied\n", c->pid, c->to, c->ip, c->to);
	case 1:
		return LINE("imapd: LOGIN FAILED, user=%s, ip=[::ffff:%s], "
		    "port=[40112]\n", c->from, c->ip);
	default:
		return LINE("cyrus/imap[%u]: badlogin: [%s] plaintext (%s) "
		    "[SASL(-13): authentication failure: checkpass failed]\n",
		    c->pid, c->ip, c->from);
	}
}

size_t
logs_hit(struct logs *l, enum mix mix, char *out, size_t cap)
{
	size_t n = logs_stamp(l, out, cap);
	unsigned who = logs_pick(l, 100);
	struct cast c;

	choose(l, &c);
	if (mix != MIX_POSTFIX && who < 20)
		return n + hit_dovecot(l, &c, out, cap, n);
	if (mix == MIX_ALL && who < 35)
		return n + hit_rest(l, &c, out, cap, n);
	return n + hit_postfix(l, &c, out, cap, n);
}

static size_t
plain_postfix(struct logs *l, const struct cast *c, char *out, size_t cap,
    size_t n)
{
	switch (logs_pick(l, 12)) {
	case 0:
		return LINE("postfix/smtpd[%u]: connect from %s\n", c->pid,
		    c->client);
	case 1:
		return LINE("postfix/smtpd[%u]: disconnect from %s ehlo=2 "
		    "starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7\n",
		    c->pid, c->client);
	case 2:
		return LINE("postfix/smtpd[%u]: %s: client=%s\n", c->pid,
		    c->qid, c->client);
	case 3:
		return LINE("postfix/smtpd[%u]: Anonymous TLS connection "
		    "established from %s: TLSv1.3 with cipher "
		    "TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange "
		    "X25519 server-signature RSA-PSS (2048 bits)\n", c->pid,
		    c->client);
	case 4:
		return LINE("postfix/cleanup[%u]: %s: message-id=<%u.%s.%s>\n",
		    c->pid, c->qid, logs_pick(l, 1U << 31), c->qid, c->from);
	case 5:
		return LINE("postfix/qmgr[1742]: %s: from=<%s>, size=%u, "
		    "nrcpt=1 (queue active)\n", c->qid, c->from,
		    500 + logs_pick(l, 90000));
	case 6:
	case 7:
		return LINE("postfix/smtp[%u]: %s: to=<%s>, relay=mx%u.example"
		    "[%s]:25, delay=%u.%02u, delays=0.02/0.01/0.24/0.%02u, "
		    "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as %s)\n",
		    c->pid, c->qid, c->to, logs_pick(l, 9), c->ip,
		    logs_pick(l, 9), logs_pick(l, 100), logs_pick(l, 100),
		    c->qid);
	case 8:
		return LINE("postfix/qmgr[1742]: %s: removed\n", c->qid);
	case 9:
		return LINE("postfix/lmtp[%u]: %s: to=<%s>, relay=mx1.example"
		    "[private/dovecot-lmtp], delay=0.21, delays=0.12/0.01/"
		    "0.01/0.07, dsn=2.0.0, status=sent (250 2.0.0 <%s> "
		    "%s Saved)\n", c->pid, c->qid, c->to, c->to, c->qid);
	case 10: {
		struct cast o = owner(l, c);

		return LINE("postfix/submission/smtpd[%u]: %s: client=%s, "
		    "sasl_method=PLAIN, sasl_username=%s\n", c->pid, c->qid,
		    o.client, o.from);
	}
	default:
		return LINE("postfix/smtps/smtpd[%u]: connect from %s\n",
		    c->pid, c->client);
	}
}

static size_t
plain_dovecot(struct logs *l, const struct cast *c, char *out, size_t cap,
    size_t n)
{
	switch (logs_pick(l, 3)) {
	case 0: {
		struct cast o = owner(l, c);

		return LINE("dovecot: imap-login: Login: user=<%s>, "
		    "method=PLAIN, rip=%s, lip=192.0.2.2, mpid=%u, TLS, "
		    "session=<%s/QwEB>\n", o.from, o.ip, c->pid, c->qid);
	}
	case 1:
		return LINE("dovecot: imap(%s)<%u><%s>: Disconnected: Logged "
		    "out in=%u out=%u deleted=0 expunged=0 trashed=0 "
		    "hdr_count=0 hdr_bytes=0 body_count=0 body_bytes=0\n",
		    c->from, c->pid, c->qid, logs_pick(l, 9000),
		    logs_pick(l, 90000));
	default:
		return LINE("dovecot: lmtp(%s)<%u><%s>: sieve: msgid=<%u.%s>: "
		    "stored mail into mailbox 'INBOX'\n", c->to, c->pid,
		    c->qid, logs_pick(l, 1U << 31), c->from);
	}
}

static size_t
plain_rest(struct logs *l, const struct cast *c, char *out, size_t cap,
    size_t n)
{
	switch (logs_pick(l, 4)) {
	case 0:
		return LINE("opendkim[611]: %s: DKIM-Signature field added "
		    "(s=mail, d=example.org)\n", c->qid);
	case 1:
		return LINE("postfix/anvil[%u]: statistics: max connection "
		    "rate 3/60s for (smtp:%s) at Mar  1 00:00:00\n", c->pid,
		    c->ip);
	case 2:
		return LINE("amavis[%u]: (%u-03) Passed CLEAN {RelayedInbound},"
		    " [%s]:40112 [%s] <%s> -> <%s>, Queue-ID: %s, "
		    "Message-ID: <%s>, mail_id: xQ, Hits: -1.1, size: 2044, "
		    "queued_as: %s, 312 ms\n", c->pid, c->pid, c->ip, c->ip,
		    c->from, c->to, c->qid, c->from, c->qid);
	default:
		return LINE("rspamd[%u]: <%s>; task; rspamd_task_write_log: "
		    "id: <%s>, qid: <%s>, ip: %s, from: <%s>, (default: F (no "
		    "action): [-2.10/15.00])\n", c->pid, c->qid, c->from,
		    c->qid, c->ip, c->from);
	}
}

size_t
logs_plain(struct logs *l, char *out, size_t cap)
{
	size_t n = logs_stamp(l, out, cap);
	unsigned who = logs_pick(l, 100);
	struct cast c;

	choose(l, &c);
	if (who < 15)
		return n + plain_dovecot(l, &c, out, cap, n);
	if (who < 30)
		return n + plain_rest(l, &c, out, cap, n);
	return n + plain_postfix(l, &c, out, cap, n);
}
