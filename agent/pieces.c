/* Split records; see pieces.h. */
#include "agent/pieces.h"

#include <stdlib.h>
#include <string.h>

#include "agent/line.h"
#include "proto/base/arena.h"
#include "proto/base/die.h"

enum {
	HOST_BYTES = 255,
	/* pid, time, numbers and lengths */
	SAVED_HEAD = 8 + 8 + 1 + 1 + 1 + 2,
};

struct record {
	bool is_used;
	int64_t pid, time_us; /* of its first piece */
	uint8_t number, count; /* of its newest piece */
	uint8_t host_n;
	char host[HOST_BYTES];
	size_t n;
	char text[PIECES_BYTES];
};

struct pieces {
	struct record *at; /* PIECES_COUNT; NULL: there never was one */
	size_t next;       /* whose place is taken when all are used */
};

struct pieces *
pieces_open(void)
{
	struct pieces *p = calloc(1, sizeof *p);

	if (p == NULL)
		die(71, "pieces: out of memory");
	return p;
}

void
pieces_close(struct pieces *p)
{
	if (p == NULL)
		return;
	free(p->at);
	free(p);
}

static void
need_records(struct pieces *p)
{
	if (p->at == NULL)
		p->at = calloc(PIECES_COUNT, sizeof *p->at);
	if (p->at == NULL)
		die(71, "pieces: out of memory");
}

static struct record *
find(struct pieces *p, const struct line *line)
{
	for (size_t i = 0; p->at != NULL && i < PIECES_COUNT; i++) {
		struct record *r = &p->at[i];

		if (r->is_used && r->pid == line->pid &&
		    text_equal(line->host,
			(struct text){.at = r->host, .n = r->host_n}))
			return r;
	}
	return NULL;
}

static struct record *
begin(struct pieces *p, const struct line *line, int64_t time_us)
{
	struct record *r = find(p, line);

	need_records(p);
	for (size_t i = 0; r == NULL && i < PIECES_COUNT; i++)
		if (!p->at[i].is_used)
			r = &p->at[i];
	if (r == NULL) {
		r = &p->at[p->next];
		p->next = (p->next + 1) % PIECES_COUNT;
	}
	r->is_used = true;
	r->pid = line->pid;
	r->time_us = time_us;
	r->number = 0;
	r->count = line->pieces;
	r->host_n = (uint8_t)line->host.n;
	if (line->host.n > 0)
		memcpy(r->host, line->host.at, line->host.n);
	r->n = 0;
	return r;
}

static bool
follows(const struct record *r, const struct line *line, int64_t time_us)
{
	return line->piece == r->number + 1 && line->pieces == r->count &&
	       line->message.n <= PIECES_BYTES - r->n &&
	       time_us - r->time_us <= PIECES_TIME_US &&
	       r->time_us - time_us <= PIECES_TIME_US;
}

bool
pieces_take(struct pieces *p, const struct line *line, int64_t time_us,
    struct arena *a, struct text *whole)
{
	struct record *r;

	if (line->host.n > HOST_BYTES)
		return false;
	r = line->piece == 1 ? begin(p, line, time_us) : find(p, line);
	if (r == NULL)
		return false;
	if (!follows(r, line, time_us)) {
		r->is_used = false;
		return false;
	}
	if (line->message.n > 0)
		memcpy(r->text + r->n, line->message.at, line->message.n);
	r->n += line->message.n;
	r->number = line->piece;
	if (line->is_cut && r->number < r->count)
		return false;
	r->is_used = false;
	*whole = (struct text){.at = arena_copy(a, r->text, r->n), .n = r->n};
	return true;
}

static void
put(struct buf *out, uint64_t v, int bytes)
{
	for (int i = bytes; i-- > 0;)
		buf_putc(out, (char)(unsigned char)(v >> (8 * i)));
}

void
pieces_save(const struct pieces *p, struct buf *out)
{
	for (size_t i = 0; p->at != NULL && i < PIECES_COUNT; i++) {
		const struct record *r = &p->at[i];

		if (!r->is_used)
			continue;
		put(out, (uint64_t)r->pid, 8);
		put(out, (uint64_t)r->time_us, 8);
		put(out, r->number, 1);
		put(out, r->count, 1);
		put(out, r->host_n, 1);
		put(out, r->n, 2);
		buf_add(out, r->host, r->host_n);
		buf_add(out, r->text, r->n);
	}
}

_Static_assert(PIECES_BYTES <= UINT16_MAX, "a length is saved in two bytes");

static uint64_t
get(const char **s, int bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v = v << 8 | (unsigned char)*(*s)++;
	return v;
}

static int
load(struct record *r, struct text *bytes)
{
	const char *s = bytes->at;

	if (bytes->n < SAVED_HEAD)
		return -1;
	r->pid = (int64_t)get(&s, 8);
	r->time_us = (int64_t)get(&s, 8);
	r->number = (uint8_t)get(&s, 1);
	r->count = (uint8_t)get(&s, 1);
	r->host_n = (uint8_t)get(&s, 1);
	r->n = get(&s, 2);
	if (r->n > PIECES_BYTES || bytes->n < SAVED_HEAD + r->host_n + r->n ||
	    r->number == 0 || r->number >= r->count || r->time_us < 0)
		return -1;
	memcpy(r->host, s, r->host_n);
	memcpy(r->text, s + r->host_n, r->n);
	r->is_used = true;
	s += r->host_n + r->n;
	bytes->n -= (size_t)(s - bytes->at);
	bytes->at = s;
	return 0;
}

int
pieces_load(struct pieces *p, struct text bytes)
{
	size_t i;

	need_records(p);
	for (i = 0; i < PIECES_COUNT; i++)
		p->at[i].is_used = false;
	for (i = 0; i < PIECES_COUNT && bytes.n > 0; i++)
		if (load(&p->at[i], &bytes) < 0)
			break;
	if (bytes.n == 0)
		return 0;
	for (i = 0; i < PIECES_COUNT; i++)
		p->at[i].is_used = false;
	return -1;
}
