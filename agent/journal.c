/* Entries as lines; see journal.h. */
#include "agent/journal.h"

#include <string.h>

#include "proto/base/buf.h"

struct text *
journal_member(struct journal_entry *e, struct text name)
{
	const struct {
		const char *name;
		struct text *member;
	} members[] = {
	    {"MESSAGE", &e->message},
	    {"SYSLOG_IDENTIFIER", &e->identifier},
	    {"_COMM", &e->command},
	    {"SYSLOG_PID", &e->syslog_pid},
	    {"_PID", &e->pid},
	    {"_HOSTNAME", &e->host},
	    {"__REALTIME_TIMESTAMP", &e->time},
	};

	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
		if (text_is(name, members[i].name))
			return members[i].member;
	return NULL;
}

static bool
is_number(struct text t, size_t least, size_t most)
{
	if (t.at == NULL || t.n < least || t.n > most)
		return false;
	for (size_t i = 0; i < t.n; i++)
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
	return true;
}

/* A word of the header, so that it ends where the header says. */
static void
add_word(struct buf *out, struct text t)
{
	static const char signs[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-./@_%";

	if (t.n > 255)
		t.n = 255;
	for (size_t i = 0; i < t.n; i++) {
		bool good = memchr(signs, t.at[i], sizeof signs - 1) != NULL;

		buf_putc(out, good ? t.at[i] : '_');
	}
}

static void
add_message(struct buf *out, struct text t)
{
	if (t.n > JOURNAL_FIELD_BYTES - 1024)
		t.n = JOURNAL_FIELD_BYTES - 1024;
	while (t.n > 0) {
		const char *lf = memchr(t.at, '\n', t.n);
		size_t n = lf == NULL ? t.n : (size_t)(lf - t.at);

		buf_add(out, t.at, n);
		if (lf == NULL)
			return;
		buf_puts(out, "#012");
		t.at += n + 1;
		t.n -= n + 1;
	}
}

bool
journal_write(struct buf *out, const struct journal_entry *e)
{
	struct text tag = e->identifier, pid = e->syslog_pid;

	if (tag.n == 0)
		tag = e->command;
	if (!is_number(pid, 1, 10))
		pid = e->pid;
	if (e->message.at == NULL || tag.n == 0 || !is_number(e->time, 15, 17))
		return false;
	buf_add(out, e->time.at, e->time.n);
	buf_putc(out, ' ');
	if (e->host.n > 0) {
		add_word(out, e->host);
		buf_putc(out, ' ');
	}
	add_word(out, tag);
	if (is_number(pid, 1, 10))
		buf_printf(out, "[%.*s]", (int)pid.n, pid.at);
	buf_puts(out, ": ");
	add_message(out, e->message);
	return true;
}
