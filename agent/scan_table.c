/* The table of scan; see scan_table.h. */
#include "agent/scan_table.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/event.h"

enum {
	SLOTS_LEAST = 1024, /* powers of two */
};

/* What two events must share to be counted in one row. */
struct row_key {
	struct addr source;
	uint8_t kind;
};

struct row {
	struct row_key key;
	uint64_t events; /* 0: a free slot */
	uint64_t logins; /* different ones */
	int64_t first_us, last_us;
};

struct scan_table {
	struct row *rows;
	size_t rows_size, row_count;
	uint64_t *logins; /* hashes of a row and a login; 0: a free slot */
	size_t logins_size, login_count;
	unsigned char secret[crypto_shorthash_KEYBYTES];
};

static void *
array(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		die(71, "scan: out of memory");
	return p;
}

struct scan_table *
scan_table_open(void)
{
	struct scan_table *t = array(1, sizeof *t);

	t->rows_size = t->logins_size = SLOTS_LEAST;
	t->rows = array(t->rows_size, sizeof *t->rows);
	t->logins = array(t->logins_size, sizeof *t->logins);
	/* logs are hostile: nobody shall aim at one slot */
	crypto_shorthash_keygen(t->secret);
	return t;
}

void
scan_table_close(struct scan_table *t)
{
	if (t == NULL)
		return;
	free(t->rows);
	free(t->logins);
	free(t);
}

static uint64_t
hash(const struct scan_table *t, const void *bytes, size_t n)
{
	uint64_t h;

	_Static_assert(sizeof h == crypto_shorthash_BYTES, "SipHash's size");
	crypto_shorthash((unsigned char *)&h, bytes, n, t->secret);
	return h;
}

static struct row *
find_row(const struct scan_table *t, const struct row_key *key)
{
	size_t i = hash(t, key, sizeof *key) & (t->rows_size - 1);

	while (t->rows[i].events > 0 &&
	       memcmp(&t->rows[i].key, key, sizeof *key) != 0)
		i = (i + 1) & (t->rows_size - 1);
	return &t->rows[i];
}

static void
widen_rows(struct scan_table *t)
{
	struct row *old = t->rows;
	size_t old_size = t->rows_size;

	t->rows_size *= 2;
	t->rows = array(t->rows_size, sizeof *t->rows);
	for (size_t i = 0; i < old_size; i++)
		if (old[i].events > 0)
			*find_row(t, &old[i].key) = old[i];
	free(old);
}

/* True when it was not there yet. */
static bool
insert_login(struct scan_table *t, uint64_t h)
{
	size_t i = h & (t->logins_size - 1);

	while (t->logins[i] != 0) {
		if (t->logins[i] == h)
			return false;
		i = (i + 1) & (t->logins_size - 1);
	}
	t->logins[i] = h;
	t->login_count++;
	return true;
}

static void
widen_logins(struct scan_table *t)
{
	uint64_t *old = t->logins;
	size_t old_size = t->logins_size;

	t->logins_size *= 2;
	t->logins = array(t->logins_size, sizeof *t->logins);
	t->login_count = 0;
	for (size_t i = 0; i < old_size; i++)
		if (old[i] != 0)
			(void)insert_login(t, old[i]);
	free(old);
}

static bool
is_new_login(struct scan_table *t, const struct row_key *key, struct text login)
{
	unsigned char bytes[sizeof *key + EVENT_TEXT_BYTES];
	size_t n = login.n <= EVENT_TEXT_BYTES ? login.n : EVENT_TEXT_BYTES;
	uint64_t h;

	if (login.at == NULL)
		return false;
	memcpy(bytes, key, sizeof *key);
	memcpy(bytes + sizeof *key, login.at, n);
	h = hash(t, bytes, sizeof *key + n);
	if (t->login_count >= t->logins_size / 2)
		widen_logins(t);
	return insert_login(t, h == 0 ? 1 : h);
}

void
scan_table_add(struct scan_table *t, const struct event *e)
{
	struct row_key key;
	struct row *row;

	/* compared and hashed as bytes: no stray padding */
	memset(&key, 0, sizeof key);
	key.source = e->source;
	key.kind = (uint8_t)e->kind;
	if (t->row_count >= t->rows_size / 2)
		widen_rows(t);
	row = find_row(t, &key);
	if (row->events++ == 0) {
		row->key = key;
		row->first_us = row->last_us = e->time_us;
		t->row_count++;
	}
	if (e->time_us < row->first_us)
		row->first_us = e->time_us;
	if (e->time_us > row->last_us)
		row->last_us = e->time_us;
	row->logins += is_new_login(t, &key, e->login);
}

static int
compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->events != y->events)
		return x->events < y->events ? 1 : -1;
	return memcmp(&x->key, &y->key, sizeof x->key);
}

void
scan_table_print(struct scan_table *t, FILE *to)
{
	size_t n = 0;

	if (t->row_count == 0)
		return;
	for (size_t i = 0; i < t->rows_size; i++)
		if (t->rows[i].events > 0)
			t->rows[n++] = t->rows[i];
	qsort(t->rows, n, sizeof *t->rows, compare);
	fprintf(to, "%8s %7s  %-18s %-20s %-20s  %s\n", "events", "logins",
	    "kind", "first", "last", "address");
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &t->rows[i];
		char first[CLOCK_TEXT_BYTES], last[CLOCK_TEXT_BYTES];
		char source[ADDR_TEXT_BYTES];

		fprintf(to,
		    "%8" PRIu64 " %7" PRIu64 "  %-18s %-20s %-20s  %s\n",
		    r->events, r->logins, kind_name((enum kind)r->key.kind),
		    clock_format(first, r->first_us, false),
		    clock_format(last, r->last_us, false),
		    addr_format(source, &r->key.source));
	}
}
