/* Lines of a mail server's log; see receipt.h. */
#include "hub/deliver/receipt.h"

#include <stdbool.h>
#include <string.h>

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static struct text
behind(struct text t, size_t n)
{
	return (struct text){.at = t.at + n, .n = t.n - n};
}

/* The next word, and *rest behind it and the blanks; n 0: none. */
static struct text
word(struct text t, struct text *rest)
{
	size_t n = 0, skip;

	while (n < t.n && t.at[n] != ' ')
		n++;
	skip = n;
	while (skip < t.n && t.at[skip] == ' ')
		skip++;
	*rest = behind(t, skip);
	return (struct text){.at = t.at, .n = n};
}

/* "postfix/smtpd[123]:" -> "smtpd", 123; "rsyslogd:" -> "rsyslogd", -1. */
static bool
program(struct text tag, struct text *name, int64_t *pid)
{
	size_t from = 0, n;

	if (!text_ends(tag, ":"))
		return false;
	n = tag.n - 1;
	*pid = -1;
	if (n != 0 && tag.at[n - 1] == ']') {
		int64_t v = 0, scale = 1;

		for (n--; n != 0 && is_digit(tag.at[n - 1]); n--) {
			if (scale > 1000000000)
				return false;
			v += scale * (tag.at[n - 1] - '0');
			scale *= 10;
		}
		if (n == 0 || tag.at[--n] != '[' || scale == 1)
			return false;
		*pid = v;
	}
	for (size_t i = 0; i < n; i++)
		if (tag.at[i] == '/')
			from = i + 1;
	*name = (struct text){.at = tag.at + from, .n = n - from};
	return true;
}

static bool
is(struct text t, const char *s)
{
	return t.n == strlen(s) && memcmp(t.at, s, t.n) == 0;
}

/* "4XYZ12: rest": the queue id, and *rest behind it. */
static struct text
queue_id(struct text t, struct text *rest)
{
	size_t n = 0;

	while (n < t.n && is_alnum(t.at[n]))
		n++;
	if (n < 5 || n > 32 || t.n - n < 2 || t.at[n] != ':' ||
	    t.at[n + 1] != ' ')
		return (struct text){0};
	*rest = behind(t, n + 2);
	return (struct text){.at = t.at, .n = n};
}

static struct text
within_brackets(struct text t)
{
	if (t.n < 3 || t.at[0] != '<' || t.at[t.n - 1] != '>' ||
	    memchr(t.at, ' ', t.n) != NULL)
		return (struct text){0};
	return (struct text){.at = t.at + 1, .n = t.n - 2};
}

static void
of_smtpd(struct receipt *r, struct text message)
{
	struct text rest;

	if (text_begins(message, "connect from "))
		r->kind = RECEIPT_CONNECT;
	else if (text_begins(message, "disconnect from "))
		r->kind = RECEIPT_DISCONNECT;
	else if (text_begins(message, "lost connection after DATA (") ||
	    text_begins(message, "timeout after DATA ("))
		r->kind = RECEIPT_CUT;
	else {
		r->queue = queue_id(message, &rest);
		if (r->queue.n != 0 && text_begins(rest, "client="))
			r->kind = RECEIPT_CLIENT;
	}
}

static void
of_cleanup(struct receipt *r, struct text message)
{
	static const char name[] = "message-id=";
	struct text rest;

	r->queue = queue_id(message, &rest);
	if (r->queue.n == 0)
		return;
	if (text_begins(rest, name)) {
		r->kind = RECEIPT_ID;
		r->id = within_brackets(behind(rest, sizeof name - 1));
	} else if (text_begins(rest, "reject: ") ||
	    text_begins(rest, "milter-reject: ")) {
		r->kind = RECEIPT_REJECTED;
	}
}

static void
of_qmgr(struct receipt *r, struct text message)
{
	struct text rest;

	r->queue = queue_id(message, &rest);
	if (r->queue.n == 0)
		return;
	if (text_begins(rest, "from=<") && text_ends(rest, " (queue active)"))
		r->kind = RECEIPT_ACTIVE;
}

/* "warning: process /usr/lib/postfix/sbin/smtpd pid 123 killed by signal 9" */
static void
of_master(struct receipt *r, struct text message)
{
	static const char begin[] = "warning: process ";
	struct text rest, number;

	/* its daemons get the signal, too, and end at once */
	if (text_begins(message, "terminating on signal ")) {
		r->kind = RECEIPT_RESTART;
		return;
	}
	if (!text_begins(message, begin))
		return;
	(void)word(behind(message, sizeof begin - 1), &rest);
	if (!is(word(rest, &rest), "pid"))
		return;
	number = word(rest, &rest);
	r->pid = 0;
	for (size_t i = 0; i < number.n; i++) {
		if (!is_digit(number.at[i]) || i > 9)
			return;
		r->pid = 10 * r->pid + (number.at[i] - '0');
	}
	if (number.n != 0 && (text_begins(rest, "killed by signal ") ||
	        text_begins(rest, "exit status ")))
		r->kind = RECEIPT_DIED;
}

/* rsyslogd's and journald's own words. */
static void
of_logger(struct receipt *r, struct text message)
{
	static const char *const words[] = {"begin to drop messages",
	    "messages lost due to rate-limiting", "Suppressed "};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (memmem(message.at, message.n, words[i],
		        strlen(words[i])) != NULL)
			r->kind = RECEIPT_GAP;
}

/* "2026-11-21 20:42:32 1tEsQz-000abc-1D <= a@b H=... S=1234 id=x@y": what
 * stands behind "<=" is the sender, whose local part may be quoted; then
 * words of Exim's own.  A word within quotes never counts. */
static bool
of_exim(struct receipt *r, struct text line)
{
	struct text w, rest;
	bool quoted = false, sender = true;

	w = word(line, &rest); /* date */
	if (w.n != 10 || w.at[4] != '-' || w.at[7] != '-')
		return false;
	w = word(rest, &rest); /* time, perhaps with milliseconds */
	if (w.n < 8 || w.at[2] != ':' || w.at[5] != ':')
		return false;
	w = word(rest, &rest);
	if (w.n == 5 && (w.at[0] == '+' || w.at[0] == '-'))
		w = word(rest, &rest); /* zone */
	if (w.n != 0 && w.at[0] == '[')
		w = word(rest, &rest); /* pid */
	if (w.n < 16 || w.n > 23 || w.at[6] != '-')
		return false;
	r->queue = w;
	if (!is(word(rest, &rest), "<="))
		return true;
	while (rest.n != 0) {
		w = word(rest, &rest);
		if (!sender && !quoted && text_begins(w, "id=") && w.n > 3) {
			r->kind = RECEIPT_TAKEN;
			r->id = behind(w, 3);
			return true;
		}
		for (size_t i = 0; i < w.n; i++)
			quoted ^= w.at[i] == '"';
		sender = false;
	}
	return true;
}

/* Behind time and host: "Nov 28 04:56:32 mx1 " or
 * "2026-11-28T04:56:32.123456+00:00 mx1 ". */
static bool
of_syslog(struct text line, struct text *rest)
{
	struct text w;

	if (line.n == 0)
		return false;
	if (is_digit(line.at[0])) {
		w = word(line, rest);
		if (w.n < 19 || w.at[10] != 'T')
			return false;
	} else {
		w = word(line, rest);
		if (w.n != 3 || word(*rest, rest).n > 2)
			return false;
		w = word(*rest, rest);
		if (w.n != 8 || w.at[2] != ':' || w.at[5] != ':')
			return false;
	}
	return word(*rest, rest).n != 0;
}

struct receipt
receipt_read(struct text line)
{
	struct receipt r = {.kind = RECEIPT_NONE, .pid = -1};
	struct text rest, name;

	if (!of_syslog(line, &rest)) {
		(void)of_exim(&r, line);
		return r;
	}
	if (!program(word(rest, &rest), &name, &r.pid))
		return r;
	if (is(name, "exim4") || is(name, "exim"))
		(void)of_exim(&r, rest);
	else if (is(name, "rsyslogd") || is(name, "systemd-journald") ||
	    is(name, "journald"))
		of_logger(&r, rest);
	else if (r.pid < 0)
		return r; /* Postfix's daemons always say it */
	else if (is(name, "smtpd"))
		of_smtpd(&r, rest);
	else if (is(name, "cleanup"))
		of_cleanup(&r, rest);
	else if (is(name, "qmgr"))
		of_qmgr(&r, rest);
	else if (is(name, "master"))
		of_master(&r, rest);
	return r;
}
