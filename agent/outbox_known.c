/*
 * Which ids are kept: a line that is read again is not sent again.  An index
 * of ids would cost more than all else of an event.  But an id begins with
 * its second, and logs are read in order: the ids of a few spans of time are
 * kept in memory, and the table span says which segments have events of a
 * span that is asked for and not there.  See outbox_file.h.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "agent/outbox_file.h"
#include "proto/base/die.h"

enum {
	SPANS = 16,       /* as many logs may be read at a time */
	SPAN_BITS = 4,    /* of 16 s */
	LEAST_PLACES = 128,
};

/* The ids of a span, all zero where there is none: open addressing. */
struct ids {
	uint32_t span;
	uint64_t used;    /* when, in questions; 0: empty */
	size_t count, places;
	uint8_t (*at)[EVENT_ID_BYTES];
};

struct outbox_known {
	struct ids ids[SPANS];
	struct ids *last; /* of the last question */
	uint64_t clock;
	/* no event of this span or a later one is stored or waits; 0: not
	 * known yet */
	int64_t beyond;
};

struct outbox_known *
outbox_known_open(void)
{
	struct outbox_known *k = calloc(1, sizeof *k);

	if (k == NULL)
		die(EX_OSERR, "out of memory");
	k->last = &k->ids[0];
	return k;
}

void
outbox_known_forget(struct outbox_known *k)
{
	for (size_t i = 0; i < SPANS; i++) {
		free(k->ids[i].at);
		k->ids[i] = (struct ids){0};
	}
}

void
outbox_known_close(struct outbox_known *k)
{
	if (k == NULL)
		return;
	outbox_known_forget(k);
	free(k);
}

uint32_t
outbox_span_of(const uint8_t id[EVENT_ID_BYTES])
{
	uint32_t second = 0;

	for (size_t i = 0; i < 4; i++)
		second = second << 8 | id[i];
	return second >> SPAN_BITS;
}

/* Where the id is or belongs.  There is always a place. */
static uint8_t *
place_of(const struct ids *s, const uint8_t id[EVENT_ID_BYTES])
{
	static const uint8_t none[EVENT_ID_BYTES];
	uint64_t hash;

	memcpy(&hash, id + EVENT_ID_BYTES - sizeof hash, sizeof hash);
	for (size_t i = hash & (s->places - 1);; i = (i + 1) & (s->places - 1))
		if (memcmp(s->at[i], id, EVENT_ID_BYTES) == 0 ||
		    memcmp(s->at[i], none, EVENT_ID_BYTES) == 0)
			return s->at[i];
}

static void
grow(struct ids *s)
{
	struct ids larger = *s;

	larger.places = s->places == 0 ? LEAST_PLACES : s->places * 2;
	larger.at = calloc(larger.places, sizeof *larger.at);
	if (larger.at == NULL)
		die(EX_OSERR, "out of memory");
	for (size_t i = 0; i < s->places; i++)
		memcpy(place_of(&larger, s->at[i]), s->at[i], EVENT_ID_BYTES);
	free(s->at);
	*s = larger;
}

/* False when it is there. */
static bool
add(struct ids *s, const uint8_t id[EVENT_ID_BYTES])
{
	uint8_t *place = place_of(s, id);

	if (memcmp(place, id, EVENT_ID_BYTES) == 0)
		return false;
	memcpy(place, id, EVENT_ID_BYTES);
	if (++s->count * 2 > s->places)
		grow(s);
	return true;
}

static void
add_segment(struct ids *s, const struct outbox_segment *from)
{
	for (size_t i = 0; i < from->count; i++) {
		const uint8_t *id;
		const char *bytes;
		size_t n;

		if (!outbox_segment_event(from, i, &bytes, &n))
			continue;
		id = outbox_event_id(bytes, n);
		if (id != NULL && outbox_span_of(id) == s->span)
			(void)add(s, id);
	}
}

/* Reads the ids of a span from the file, and from what waits. */
static bool
load(struct outbox *o, struct ids *s)
{
	sqlite3_stmt *st = o->of_span;
	const struct outbox_segment waiting = {.ends = o->ends.data,
	    .count = o->waiting,
	    .bytes = o->bytes.data,
	    .n = o->bytes.n};
	int rc;

	add_segment(s, &waiting);
	(void)sqlite3_bind_int64(st, 1, s->span);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		const struct outbox_segment stored = {
		    .ends = sqlite3_column_blob(st, 0),
		    .count = (size_t)sqlite3_column_bytes(st, 0) /
		        sizeof(uint32_t),
		    .bytes = sqlite3_column_blob(st, 1),
		    .n = (size_t)sqlite3_column_bytes(st, 1)};

		add_segment(s, &stored);
	}
	(void)sqlite3_reset(st);
	if (rc == SQLITE_DONE)
		return true;
	if (o->failed == OUTBOX_OK)
		o->failed = outbox_judge(o, rc);
	return false;
}

/* May there be events of the span?  Most that are asked for are later than
 * all, since logs are read in order. */
static bool
may_have(struct outbox *o, uint32_t span)
{
	struct outbox_known *k = o->known;

	/* one more, so that 0 is an error: reading the span will tell it */
	if (k->beyond == 0)
		k->beyond = outbox_number(o,
		    "SELECT coalesce(max(span), 0) + 1 FROM span");
	if (k->beyond == 0 || span < k->beyond)
		return true;
	k->beyond = (int64_t)span + 1;
	return false;
}

/* The ids of the span of id; NULL when they cannot be read (o->failed). */
static struct ids *
ids_of(struct outbox *o, const uint8_t id[EVENT_ID_BYTES])
{
	struct outbox_known *k = o->known;
	uint32_t span = outbox_span_of(id);
	struct ids *oldest = &k->ids[0];

	k->clock++;
	if (k->last->span == span && k->last->used != 0)
		return k->last;
	k->last->used = k->last->used == 0 ? 0 : k->clock;
	for (size_t i = 0; i < SPANS; i++) {
		if (k->ids[i].span == span && k->ids[i].used != 0)
			return k->last = &k->ids[i];
		if (k->ids[i].used < oldest->used)
			oldest = &k->ids[i];
	}
	free(oldest->at);
	*oldest = (struct ids){.span = span, .used = k->clock};
	grow(oldest);
	if (may_have(o, span) && !load(o, oldest)) {
		oldest->used = 0;
		return NULL;
	}
	return k->last = oldest;
}

bool
outbox_known_has(struct outbox *o, const uint8_t id[EVENT_ID_BYTES])
{
	const struct ids *s = ids_of(o, id);

	return (s != NULL &&
	           memcmp(place_of(s, id), id, EVENT_ID_BYTES) == 0) ||
	       outbox_old_has(o, id);
}

bool
outbox_known_add(struct outbox *o, const uint8_t id[EVENT_ID_BYTES])
{
	struct ids *s;

	if (outbox_old_has(o, id))
		return true;
	s = ids_of(o, id);
	/* NULL: the turn has failed, and is undone */
	return s == NULL || !add(s, id);
}
