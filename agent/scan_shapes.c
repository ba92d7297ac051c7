/* Counting shapes; see scan_shapes.h. */
#include "agent/scan_shapes.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/buf.h"
#include "proto/base/die.h"

enum {
	SLOTS = 16384, /* a power of two */
	SHAPES = SLOTS / 2,
	PROGRAM_BYTES = 64,
};

struct shape {
	uint64_t lines;      /* 0: a free slot */
	uint64_t first_line; /* where to look for one */
	uint16_t program_n, n;
	char program[PROGRAM_BYTES];
	char text[SCAN_SHAPE_BYTES];
};

struct scan_shapes {
	struct shape *slots;
	size_t n;
	uint64_t forgotten; /* lines of shapes that were forgotten */
	unsigned char secret[crypto_shorthash_KEYBYTES];
};

static struct shape *
new_slots(void)
{
	struct shape *slots = calloc(SLOTS, sizeof *slots);

	if (slots == NULL)
		die(71, "scan: out of memory");
	return slots;
}

struct scan_shapes *
scan_shapes_open(void)
{
	struct scan_shapes *s = calloc(1, sizeof *s);

	if (s == NULL)
		die(71, "scan: out of memory");
	s->slots = new_slots();
	/* logs are hostile: nobody shall aim at one slot */
	crypto_shorthash_keygen(s->secret);
	return s;
}

void
scan_shapes_close(struct scan_shapes *s)
{
	if (s == NULL)
		return;
	free(s->slots);
	free(s);
}

static bool
is_same(const struct shape *a, const struct shape *b)
{
	return a->program_n == b->program_n && a->n == b->n &&
	       memcmp(a->program, b->program, a->program_n) == 0 &&
	       memcmp(a->text, b->text, a->n) == 0;
}

static struct shape *
find(struct scan_shapes *s, const struct shape *wanted)
{
	unsigned char bytes[PROGRAM_BYTES + SCAN_SHAPE_BYTES];
	uint64_t h;
	size_t i;

	_Static_assert(sizeof h == crypto_shorthash_BYTES, "SipHash's size");
	memcpy(bytes, wanted->program, wanted->program_n);
	memcpy(bytes + wanted->program_n, wanted->text, wanted->n);
	crypto_shorthash((unsigned char *)&h, bytes,
	    (size_t)wanted->program_n + wanted->n, s->secret);
	i = h & (SLOTS - 1);
	while (s->slots[i].lines > 0 && !is_same(&s->slots[i], wanted))
		i = (i + 1) & (SLOTS - 1);
	return &s->slots[i];
}

/* Forgets the shapes that were seen at most so often that half go. */
static void
forget_rare(struct scan_shapes *s)
{
	struct shape *old = s->slots;
	uint64_t at_most = 1;
	size_t rare = 0;

	for (;; at_most *= 2) {
		rare = 0;
		for (size_t i = 0; i < SLOTS; i++)
			rare += old[i].lines > 0 && old[i].lines <= at_most;
		if (rare >= s->n / 2)
			break;
	}
	s->slots = new_slots();
	s->n = 0;
	for (size_t i = 0; i < SLOTS; i++) {
		if (old[i].lines > at_most) {
			*find(s, &old[i]) = old[i];
			s->n++;
		} else {
			s->forgotten += old[i].lines;
		}
	}
	free(old);
}

void
scan_shapes_add(struct scan_shapes *s, struct text program,
    struct text message, uint64_t line)
{
	struct shape new = {.lines = 0}, *known;
	bool remote;

	new.n = (uint16_t)scan_shape(message, new.text, &remote);
	if (!remote)
		return;
	new.program_n = (uint16_t)(program.n < PROGRAM_BYTES ? program.n
	                                                     : PROGRAM_BYTES);
	memcpy(new.program, program.at, new.program_n);
	new.first_line = line;
	known = find(s, &new);
	if (known->lines == 0) {
		if (s->n == SHAPES)
			forget_rare(s);
		known = find(s, &new);
		*known = new;
		s->n++;
	}
	known->lines++;
}

static int
compare(const void *a, const void *b)
{
	const struct shape *x = a, *y = b;

	if (x->lines != y->lines)
		return x->lines < y->lines ? 1 : -1;
	return (x->first_line > y->first_line) -
	       (x->first_line < y->first_line);
}

static void
print_json(const struct shape *s, struct buf *out)
{
	buf_printf(out, "{\"lines\":%" PRIu64 ",\"first\":%" PRIu64
	    ",\"program\":\"", s->lines, s->first_line);
	buf_json(out, s->program, s->program_n);
	buf_puts(out, "\",\"shape\":\"");
	buf_json(out, s->text, s->n);
	buf_puts(out, "\"}\n");
}

static void
print_row(const struct shape *s, struct buf *out)
{
	char safe[4 * SCAN_SHAPE_BYTES];

	buf_printf(out, "%8" PRIu64 " %8" PRIu64 "  ", s->lines,
	    s->first_line);
	buf_add(out, safe,
	    text_neuter(safe, sizeof safe, s->program, s->program_n));
	buf_puts(out, ": ");
	buf_add(out, safe, text_neuter(safe, sizeof safe, s->text, s->n));
	buf_putc(out, '\n');
}

void
scan_shapes_print(struct scan_shapes *s, bool json, struct buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < SLOTS; i++)
		if (s->slots[i].lines > 0)
			s->slots[n++] = s->slots[i];
	qsort(s->slots, n, sizeof *s->slots, compare);
	if (!json && n > 0)
		buf_printf(out, "%8s %8s  %s\n", "lines", "first", "shape");
	for (size_t i = 0; i < n; i++) {
		if (json)
			print_json(&s->slots[i], out);
		else
			print_row(&s->slots[i], out);
	}
	if (!json && s->forgotten > 0)
		buf_printf(out, "%8" PRIu64 " lines of rarer shapes\n",
		    s->forgotten);
}
