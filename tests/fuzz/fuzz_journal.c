/*
 * Journal entries, any bytes: no crash, no overread; a field lies in its
 * bytes and a text one holds no LF; an entry written as a line is read back
 * with the same time, host, tag and message.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/journal.h"
#include "agent/line.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_plain(struct text t)
{
	for (size_t i = 0; i < t.n; i++)
		if (!((t.at[i] >= 'a' && t.at[i] <= 'z') ||
			(t.at[i] >= '0' && t.at[i] <= '9')))
			return false;
	return t.n > 0 && t.n < 200;
}

static void
judge(const struct journal_entry *e)
{
	struct buf out = {0};
	struct line l;

	if (journal_write(&out, e)) {
		if (memchr(out.data, '\n', out.n) != NULL)
			abort();
		if (is_plain(e->host) && is_plain(e->identifier) &&
		    !text_is(e->identifier, "dovecot") &&
		    strncmp(e->identifier.at, "exim", 4) != 0) {
			if (!line_parse((struct text){.at = out.data,
					    .n = out.n},
				&l) ||
			    !text_equal(l.stamp, e->time) ||
			    !text_equal(l.host, e->host) ||
			    !text_equal(l.program, e->identifier))
				abort();
			if (memchr(e->message.at, '\n', e->message.n) ==
				NULL &&
			    e->message.n < 1000 && e->message.n > 0 &&
			    e->message.at[0] != ' ' &&
			    !text_equal(l.message, e->message))
				abort();
		}
	}
	buf_free(&out);
}

static void
read_export(struct text t)
{
	struct journal_entry e = {0};
	struct journal_field f;

	for (;;) {
		switch (journal_read_field(t, &f)) {
		case JOURNAL_MORE:
			if (t.n > JOURNAL_FIELD_BYTES + 128)
				abort();
			return;
		case JOURNAL_FIELD:
			if (f.name.at != t.at || f.used > t.n ||
			    f.value.at + f.value.n + 1 != t.at + f.used ||
			    memchr(f.name.at, '\n', f.name.n) != NULL)
				abort();
			if (journal_member(&e, f.name) != NULL)
				*journal_member(&e, f.name) = f.value;
			break;
		case JOURNAL_LONG:
		case JOURNAL_LINE:
			return;
		case JOURNAL_END:
			judge(&e);
			e = (struct journal_entry){0};
			break;
		}
		if (f.used == 0)
			abort();
		t.at += f.used;
		t.n -= f.used;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *arena;
	struct text t = {.at = (const char *)data, .n = size};
	struct journal_entry e;
	struct line l;

	if (arena == NULL)
		arena = arena_open(0);
	arena_reset(arena);
	if (size > 0 && data[0] == '{') {
		if (journal_read_json(arena, t, &e))
			judge(&e);
		(void)journal_parse(arena, t, &l);
	} else {
		read_export(t);
	}
	return 0;
}
