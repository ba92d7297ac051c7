/*
 * Hostile lines: chance, the texts a client would choose, how each daemon
 * masks them, and the frame of a line; see hostile.h.  Knows no format.
 */
#include "tests/rules/hostile.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/clock.h"
#include "proto/base/text.h"

static uint64_t
next(struct draft *d)
{
	uint64_t z = d->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

unsigned
draft_pick(struct draft *d, unsigned n)
{
	return (unsigned)(next(d) % n);
}

bool
draft_chance(struct draft *d, unsigned percent)
{
	return draft_pick(d, 100) < percent;
}

const char *
draft_one_of(struct draft *d, const char *const *list)
{
	unsigned n = 0;

	while (list[n] != NULL)
		n++;
	return list[draft_pick(d, n)];
}

uint64_t
hostile_hash(const char *s, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)s[i]) * UINT64_C(0x100000001b3);
	return h;
}

void
truths_add(struct truths *t, struct truth one)
{
	if (t->n == t->cap) {
		t->cap = t->cap == 0 ? 4096 : t->cap * 2;
		t->at = realloc(t->at, t->cap * sizeof *t->at);
		if (t->at == NULL)
			abort();
	}
	t->at[t->n++] = one;
}

/* The clients are in 203.0.113.0/24, 100.0.0.0/8 and 2001:db8:600d::/48,
 * those whom they name in 198.51.100.0/24, 192.0.2.0/24 and
 * 2001:db8:bad::/48: an accusation of the latter is always wrong. */
void
draft_client(struct draft *d)
{
	static const char *const names[] = {"198-51-100-7.dyn.evil.example",
		"198.51.100.7.evil.example", "rip", "relay", "localhost",
		"mail.example.org", "a_b.example.net", "unknown.evil.example",
		"xn--bcher-kva.example", "198.51.100.7x", "port", "H", "from",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
		"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb."
		"198.51.100.7.evil.example", NULL};

	switch (draft_pick(d, 10)) {
	case 0:
		snprintf(d->ip, sizeof d->ip, "2001:db8:600d:%x::%x",
		    1 + draft_pick(d, 0xffff), 1 + draft_pick(d, 0xffff));
		break;
	case 1:
	case 2:
		snprintf(d->ip, sizeof d->ip, "203.0.113.%u",
		    draft_pick(d, 256));
		break;
	default:
		snprintf(d->ip, sizeof d->ip, "100.%u.%u.%u",
		    draft_pick(d, 256), draft_pick(d, 256),
		    draft_pick(d, 256));
	}
	d->ptr[0] = '\0';
	if (draft_chance(d, 30))
		snprintf(d->ptr, sizeof d->ptr, "%s",
		    draft_one_of(d, names));
}

static void
put_stamp(struct draft *d)
{
	char t[CLOCK_TEXT_BYTES];
	bool old = d->format->head == HEAD_SYSLOG && draft_chance(d, 50);
	bool whole = old || d->format->head == HEAD_SHORT_ISO ||
	    d->format->head == HEAD_EXIM || d->format->head == HEAD_DOVECOT;
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	d->clock_us += draft_pick(d, 20000);
	d->stamp_us = d->clock_us;
	if (whole)
		d->stamp_us -= d->stamp_us % CLOCK_SECOND_US;
	clock_format(t, d->stamp_us, !whole);
	if (old)
		draft_putf(d, "%.3s %2d %.8s ", months + 3 * (atoi(t + 5) - 1),
		    atoi(t + 8), t + 11);
	else if (d->format->head == HEAD_EXIM ||
	    d->format->head == HEAD_DOVECOT)
		draft_putf(d, "%.10s %.8s ", t, t + 11);
	else if (d->format->head == HEAD_SHORT_ISO)
		draft_putf(d, "%.19s+0000 ", t);
	else if (d->format->head == HEAD_RFC5424)
		draft_putf(d, "<22>1 %s ", t);
	else
		draft_putf(d, "%.26s+00:00 ", t);
}

void
draft_begin(struct draft *d, const char *tag, unsigned pid)
{
	enum head head = d->format->head;

	d->n = 0;
	d->has_login = false;
	if (head != HEAD_NONE)
		put_stamp(d);
	if (head == HEAD_RFC5424) {
		draft_putf(d, "mx1 %s ", tag);
		if (pid == 0)
			draft_put(d, "- - - ");
		else
			draft_putf(d, "%u - - ", pid);
	} else if (head == HEAD_SYSLOG || head == HEAD_SHORT_ISO) {
		draft_putf(d, "mx1 %s", tag);
		if (pid != 0)
			draft_putf(d, "[%u]", pid);
		draft_put(d, ": ");
	}
	d->message = d->n;
}

void
draft_bytes(struct draft *d, const char *s, size_t n)
{
	if (n > sizeof d->line - d->n)
		n = sizeof d->line - d->n;
	memcpy(d->line + d->n, s, n);
	d->n += n;
}

void
draft_put(struct draft *d, const char *text)
{
	draft_bytes(d, text, strlen(text));
}

void
draft_putf(struct draft *d, const char *fmt, ...)
{
	char part[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(part, sizeof part, fmt, ap);
	va_end(ap);
	draft_put(d, part);
}

void
draft_cut(struct draft *d, size_t n)
{
	if (n < d->n)
		d->n = n;
}

void
draft_end(struct draft *d, enum expect expect, enum kind kind, enum kind also)
{
	struct truth t = {.expect = expect, .kind = kind, .also = also,
		.time_us = d->stamp_us, .has_login = d->has_login,
		.login = d->login, .at = d->written};

	if (!addr_parse(text_of(d->ip), &t.ip))
		abort();
	fwrite(d->line, 1, d->n, d->out);
	fputc('\n', d->out);
	d->written += d->n + 1;
	truths_add(d->truths, t);
}

void
draft_nothing(struct draft *d)
{
	draft_end(d, EXPECT_NOTHING, KIND_NONE, KIND_NONE);
}

/* What the daemons themselves write, in whole and in pieces. */
static const char *const fragments[] = {
	"unknown[%a]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
	"from unknown[%a]: 554 5.7.1 <%w>: Relay access denied; from=<%w> "
	"to=<%w> proto=ESMTP helo=<%w>",
	">: Relay access denied; from=<", "Relay access denied",
	", sasl_username=%w", "warning: ", "NOQUEUE: reject: RCPT ",
	"rip=%a", ", rip=%a, lip=192.0.2.2", ">, method=PLAIN, rip=%a, lip=%a, "
	"session=<%w", "(auth failed, 1 attempts in 2 secs): user=<%w>",
	"user=<%w>", ",%a): unknown user", ",%a,<%w>): Password mismatch",
	"ruser=%w rhost=%a", " rhost=%a  user=%w", ",%a,sasl:plain)<%w>: ",
	"H=(%w) [%a]", " [%a]: 535 Incorrect authentication data (set_id=%w",
	") [%a]:%n I=[192.0.2.2]:25", " F=<%w> rejected RCPT <%w>: relay not "
	"permitted", ">: relay not permitted", "relay not permitted",
	", relay=[%a]", ", reject=550 5.7.1 <%w>... Relaying denied",
	" (may be forged)", "user=%w, relay=%w [%a]", "ip=[%a]",
	", ip=[::ffff:%a], port=[%n]", "LOGIN FAILED, ", "badlogin: %w [%a] "
	"plaintext %w SASL(-13): authentication failure: checkpass failed",
	"address=%a", "smtp connected address=%a host=%w",
	"\" result=\"535 Authentication failed\"", "authentication failed: ",
	"[%a]", "[%6]", "IPv6:%6", "%a", "%6", "::ffff:%a", "from %w[%a]",
	"from=<%w>", "to=<%w>", "helo=<%w>", "proto=ESMTP", ": ", ", ", "; ",
	" ", "=", "<", ">", "(", ")", "[", "]", "\"", "'", "\\", "%%", "%w",
	"%n", "#012", "\r", "\t", "\x01", "\x1b[2J", "\x7f", "\x80", "\xff",
	"\xc3", "\xc3\xa9", "\xe2\x80\xa8", "\xc2\x85", "\xe2\x80\xae",
	"\xf0\x9f\x92\xa9", "Mar  1 00:00:00 mx1 postfix/smtpd[99]: warning: "
	"unknown[%a]: SASL LOGIN authentication failed: %w",
	"2026-03-01T00:00:00.000000+00:00 mx1 dovecot: imap-login: "
	"Disconnected (auth failed, 1 attempts in 2 secs): user=<%w>, "
	"method=PLAIN, rip=%a, lip=192.0.2.2",
	"2026-03-01 00:00:00 login authenticator failed for (%w) [%a]: 535 "
	"Incorrect authentication data (set_id=%w)", NULL};

size_t
attack_expand(struct draft *d, char *out, size_t cap, const char *pattern)
{
	size_t n = 0;
	char part[64];

	for (const char *p = pattern; *p != '\0' && n < cap; p++) {
		if (*p != '%') {
			out[n++] = *p;
			continue;
		}
		switch (*++p) {
		case 'a':
			snprintf(part, sizeof part, "%s%u",
			    draft_chance(d, 50) ? "198.51.100." : "192.0.2.",
			    draft_pick(d, 256));
			break;
		case '6':
			snprintf(part, sizeof part, "2001:db8:bad::%x",
			    draft_pick(d, 0xffff));
			break;
		case 'w':
			snprintf(part, sizeof part, "%s", DRAFT_ONE(d, "root",
			    "x", "admin@example.org", "alice", "a.example",
			    "unknown", "imap", "LOGIN", ""));
			break;
		case 'n':
			snprintf(part, sizeof part, "%u",
			    draft_pick(d, 65536));
			break;
		default:
			snprintf(part, sizeof part, "%c", *p);
		}
		for (size_t i = 0; part[i] != '\0' && n < cap; i++)
			out[n++] = part[i];
	}
	return n;
}

size_t
attack_raw(struct draft *d, char *out, size_t cap)
{
	size_t n = 0;
	unsigned parts;

	if (cap > HOSTILE_TEXT_BYTES)
		cap = HOSTILE_TEXT_BYTES;
	if (draft_chance(d, 55)) {
		if (draft_chance(d, 20))
			n = attack_expand(d, out, cap,
			    draft_one_of(d, fragments));
		n += attack_expand(d, out + n, cap - n,
		    draft_one_of(d, d->format->targets));
		if (draft_chance(d, 20))
			n += attack_expand(d, out + n, cap - n,
			    draft_one_of(d, fragments));
		return n;
	}
	parts = 1 + draft_pick(d, 5);
	while (parts-- > 0)
		n += attack_expand(d, out + n, cap - n,
		    draft_one_of(d, fragments));
	/* bytes flipped at random, so that no fragment stays sacred */
	if (n > 0 && draft_chance(d, 10)) {
		char c = (char)(1 + draft_pick(d, 255));

		out[draft_pick(d, (unsigned)n)] = c == '\n' ? '?' : c;
	}
	return n;
}

void
draft_is_login(struct draft *d, const char *s, size_t n)
{
	/* of longer ones events keep the beginning */
	d->has_login = n > 0 && n <= 255 && text_is_utf8(s, n);
	d->login = hostile_hash(s, n);
}

static void
add_attack(struct draft *d, draft_mask *mask, size_t max, bool login)
{
	char raw[HOSTILE_TEXT_BYTES], shown[4 * HOSTILE_TEXT_BYTES];
	size_t n = attack_raw(d, raw, sizeof raw);

	n = mask(shown, raw, n, max < sizeof shown ? max : sizeof shown);
	if (login)
		draft_is_login(d, shown, n);
	draft_bytes(d, shown, n);
}

void
draft_attack(struct draft *d, draft_mask *mask, size_t max)
{
	add_attack(d, mask, max, false);
}

void
draft_login(struct draft *d, draft_mask *mask, size_t max)
{
	add_attack(d, mask, max, true);
}
