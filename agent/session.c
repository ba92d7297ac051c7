/* Sessions: one small array, searched from end to end; see session.h.  So few
 * are open at a time that nothing cleverer pays. */
#include "agent/session.h"

#include <stdlib.h>
#include <string.h>

#include "agent/template.h"
#include "proto/base/die.h"

enum {
	KEY_BYTES = 192, /* a session with longer names is not remembered */
	SAVED_HEAD = 61, /* bytes of a saved session without its texts */
};

struct session {
	size_t key_n; /* 0: a free slot */
	char key[KEY_BYTES];
	int64_t pid;
	int64_t last_us;
	uint64_t last_bytes;
	bool marked;
	struct addr source; /* family 0: not known */
	uint16_t source_port;
	struct addr local;
	uint16_t local_port;
};

struct sessions {
	struct session *at; /* NULL before the first */
	size_t n;           /* slots that were ever used */
};

/* Host, program and id, each ended by a NUL. */
struct key {
	size_t n;
	char bytes[KEY_BYTES];
};

struct sessions *
sessions_open(void)
{
	struct sessions *s = calloc(1, sizeof *s);

	if (s == NULL)
		die(71, "session: out of memory");
	return s;
}

void
sessions_close(struct sessions *s)
{
	if (s == NULL)
		return;
	free(s->at);
	free(s);
}

static bool
add_to_key(struct key *k, struct text t)
{
	if (t.n >= KEY_BYTES - k->n)
		return false;
	if (t.n > 0)
		memcpy(k->bytes + k->n, t.at, t.n);
	k->n += t.n;
	k->bytes[k->n++] = '\0';
	return true;
}

static bool
make_key(struct key *k, const struct session_line *line)
{
	k->n = 0;
	return line->id.n > 0 && add_to_key(k, line->id) &&
	       add_to_key(k, line->host) && add_to_key(k, line->program);
}

static bool
is_over(const struct session *one, const struct session_line *now)
{
	int64_t silent_us = now->time_us - one->last_us;

	/* clocks of two hosts differ, and so go back and forth */
	return silent_us > SESSION_TIME_US || silent_us < -SESSION_TIME_US ||
	       now->at_bytes - one->last_bytes > SESSION_BYTES;
}

static struct session *
find(struct sessions *s, const struct session_line *line)
{
	struct key k;

	if (s->n == 0 || !make_key(&k, line))
		return NULL;
	for (size_t i = 0; i < s->n; i++) {
		struct session *one = &s->at[i];

		if (one->key_n != k.n || one->pid != line->pid ||
		    memcmp(one->key, k.bytes, k.n) != 0)
			continue;
		if (is_over(one, line)) {
			one->key_n = 0;
			return NULL;
		}
		one->last_us = line->time_us;
		one->last_bytes = line->at_bytes;
		return one;
	}
	return NULL;
}

/* A free slot, or that of the session silent for longest. */
static struct session *
choose_slot(struct sessions *s, const struct session_line *line)
{
	struct session *oldest;

	if (s->at == NULL) {
		s->at = calloc(SESSION_COUNT, sizeof *s->at);
		if (s->at == NULL)
			die(71, "session: out of memory");
	}
	oldest = &s->at[0];
	for (size_t i = 0; i < s->n; i++) {
		struct session *one = &s->at[i];

		if (one->key_n == 0 || is_over(one, line))
			return one;
		if (one->last_bytes < oldest->last_bytes)
			oldest = one;
	}
	return s->n < SESSION_COUNT ? &s->at[s->n++] : oldest;
}

/* The session, or a new one; NULL when its names are too long. */
static struct session *
find_or_add(struct sessions *s, const struct session_line *line)
{
	struct session *one = find(s, line);
	struct key k;

	if (one != NULL || !make_key(&k, line))
		return one;
	one = choose_slot(s, line);
	*one = (struct session){.key_n = k.n,
	    .pid = line->pid,
	    .last_us = line->time_us,
	    .last_bytes = line->at_bytes};
	memcpy(one->key, k.bytes, k.n);
	return one;
}

void
session_begin(struct sessions *s, const struct session_line *line,
    const struct match *m)
{
	struct session *one = find_or_add(s, line);

	if (one == NULL)
		return;
	one->source = m->source;
	one->source_port = m->source_port;
	one->local = m->local;
	one->local_port = m->local_port;
}

bool
session_client(struct sessions *s, const struct session_line *line,
    struct match *m)
{
	const struct session *one = find(s, line);

	if (one == NULL || one->source.family == 0)
		return false;
	m->source = one->source;
	m->source_port = one->source_port;
	m->local = one->local;
	m->local_port = one->local_port;
	return true;
}

void
session_mark(struct sessions *s, const struct session_line *line)
{
	struct session *one = find_or_add(s, line);

	if (one != NULL)
		one->marked = true;
}

bool
session_take_mark(struct sessions *s, const struct session_line *line)
{
	struct session *one = find(s, line);

	if (one == NULL || !one->marked)
		return false;
	one->marked = false;
	return true;
}

void
session_end(struct sessions *s, const struct session_line *line)
{
	struct session *one = find(s, line);

	if (one != NULL)
		one->key_n = 0;
}

static void
put_number(struct buf *out, uint64_t v, unsigned bytes)
{
	while (bytes-- > 0)
		buf_putc(out, (char)(unsigned char)(v >> (8 * bytes)));
}

static uint64_t
take_number(struct text *t, unsigned bytes)
{
	uint64_t v = 0;

	for (; bytes > 0; bytes--) {
		v = v << 8 | (unsigned char)t->at[0];
		t->at++;
		t->n--;
	}
	return v;
}

static void
put_address(struct buf *out, const struct addr *a, uint16_t port)
{
	put_number(out, a->family, 1);
	buf_add(out, a->bytes, sizeof a->bytes);
	put_number(out, port, 2);
}

static bool
take_address(struct text *t, struct addr *a, uint16_t *port)
{
	a->family = (uint8_t)take_number(t, 1);
	memcpy(a->bytes, t->at, sizeof a->bytes);
	t->at += sizeof a->bytes;
	t->n -= sizeof a->bytes;
	*port = (uint16_t)take_number(t, 2);
	return a->family == 0 || a->family == 4 || a->family == 6;
}

void
sessions_save(const struct sessions *s, uint64_t at_bytes, struct buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct session *one = &s->at[i];
		uint64_t age = at_bytes - one->last_bytes;

		if (one->key_n == 0 || age > SESSION_BYTES)
			continue;
		put_number(out, one->marked, 1);
		put_number(out, (uint64_t)one->pid, 8);
		put_number(out, (uint64_t)one->last_us, 8);
		put_number(out, age, 4);
		put_address(out, &one->source, one->source_port);
		put_address(out, &one->local, one->local_port);
		put_number(out, one->key_n, 2);
		buf_add(out, one->key, one->key_n);
	}
}

static bool
take_session(struct text *t, uint64_t at_bytes, struct session *one)
{
	uint64_t age;
	bool ok;

	if (t->n < SAVED_HEAD)
		return false;
	*one = (struct session){0};
	one->marked = take_number(t, 1) != 0;
	one->pid = (int64_t)take_number(t, 8);
	one->last_us = (int64_t)take_number(t, 8);
	age = take_number(t, 4);
	one->last_bytes = at_bytes - age;
	ok = take_address(t, &one->source, &one->source_port);
	ok = take_address(t, &one->local, &one->local_port) && ok;
	one->key_n = take_number(t, 2);
	if (!ok || age > SESSION_BYTES || one->key_n == 0 ||
	    one->key_n > sizeof one->key || t->n < one->key_n)
		return false;
	memcpy(one->key, t->at, one->key_n);
	t->at += one->key_n;
	t->n -= one->key_n;
	return true;
}

int
sessions_load(struct sessions *s, uint64_t at_bytes, struct text bytes)
{
	s->n = 0;
	if (bytes.n == 0)
		return 0;
	if (s->at == NULL) {
		s->at = calloc(SESSION_COUNT, sizeof *s->at);
		if (s->at == NULL)
			die(71, "session: out of memory");
	}
	while (bytes.n > 0) {
		if (s->n == SESSION_COUNT ||
		    !take_session(&bytes, at_bytes, &s->at[s->n])) {
			s->n = 0;
			return -1;
		}
		s->n++;
	}
	return 0;
}
