/* Reading `journalctl -o export`; see scan_read.h and journal.h. */
#include <string.h>

#include "agent/journal.h"
#include "agent/scan_read_inside.h"
#include "proto/base/arena.h"

/* The bytes move when more are read, so an entry keeps its own. */
static void
keep(struct scan_file *f, struct journal_entry *e,
    const struct journal_field *field, bool *twice)
{
	struct text *member = journal_member(e, field->name);

	if (member == NULL)
		return;
	*twice |= member->at != NULL;
	*member = (struct text){
	    .at = arena_copy(f->arena, field->value.at, field->value.n),
	    .n = field->value.n};
}

static int
pass_over(struct scan_file *f, uint64_t n, const char **why)
{
	while (n > 0) {
		size_t left = f->to - f->from;

		if (left == 0 && f->at_end)
			return 0;
		if (left == 0 && scan_file_fill(f, why) < 0)
			return -1;
		left = f->to - f->from;
		if (left > n)
			left = (size_t)n;
		f->from += left;
		n -= left;
	}
	return 0;
}

static int
pass_line(struct scan_file *f, const char **why)
{
	for (;;) {
		char *lf =
		    memchr(f->data + f->from, '\n', f->to - f->from);

		if (lf != NULL) {
			f->from = (size_t)(lf - f->data) + 1;
			return 0;
		}
		f->from = f->to;
		if (f->at_end)
			return 0;
		if (scan_file_fill(f, why) < 0)
			return -1;
	}
}

static int
give(struct scan_file *f, const struct journal_entry *e, bool twice,
    struct scan_lines *out)
{
	buf_reset(&f->entry);
	if (twice || !journal_write(&f->entry, e))
		*out = (struct scan_lines){.is_one = true, .text = TEXT("")};
	else
		*out = (struct scan_lines){.is_one = true,
		    .text = {.at = f->entry.data, .n = f->entry.n}};
	return 1;
}

int
scan_file_next_entry(
    struct scan_file *f, struct scan_lines *out, const char **why)
{
	struct journal_entry e = {0};
	struct journal_field field;
	bool any = false, twice = false;

	arena_reset(f->arena);
	for (;;) {
		struct text bytes = {
		    .at = f->data + f->from, .n = f->to - f->from};
		int result = 0;

		switch (journal_read_field(bytes, &field)) {
		case JOURNAL_MORE:
			/* an entry that the end of the file cuts is none */
			if (f->at_end && (bytes.n > 0 || !any))
				return 0;
			if (f->at_end)
				return give(f, &e, twice, out);
			result = scan_file_fill(f, why);
			break;
		case JOURNAL_FIELD:
			keep(f, &e, &field, &twice);
			any = true;
			f->from += field.used;
			break;
		case JOURNAL_LONG:
			any = true;
			result = pass_over(f, field.used, why);
			break;
		case JOURNAL_LINE:
			any = true;
			result = pass_line(f, why);
			break;
		case JOURNAL_END:
			f->from++;
			if (any)
				return give(f, &e, twice, out);
			break;
		}
		if (result < 0)
			return -1;
	}
}
