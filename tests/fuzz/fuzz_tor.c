/* Exit lists and answers of Tor's zone, from a stranger.  A list that is
 * taken is whole, sorted and of the past; written out again it says the same.
 * An answer that makes somebody an exit, or none, says so in its bytes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hub/lookup/tor.h"
#include "proto/base/addr.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int fact)
{
	if (!fact)
		abort();
}

static void
put(struct buf *b, const struct addr *address, int64_t us)
{
	char text[ADDR_TEXT_BYTES], stamp[CLOCK_TEXT_BYTES];

	(void)clock_format(stamp, us, false);
	stamp[10] = ' ';
	stamp[19] = '\0';
	buf_printf(b, "ExitAddress %s %s\n", addr_format(text, address),
	    stamp);
}

static void
check_list(struct arena *a, const struct tor_list *list,
    const struct tor_limits *limits)
{
	struct buf b = {0};
	struct tor_list again;
	const char *why;
	int64_t newest = INT64_MIN;

	must(list->n >= limits->entries_min && list->n >= 1);
	for (size_t i = 0; i < list->n; i++) {
		const struct tor_entry *e = &list->at[i];

		must(e->address.family == 4 || e->address.family == 6);
		must(e->first_us <= e->last_us);
		must(e->last_us - e->first_us <= 3 * CLOCK_DAY_US);
		newest = e->last_us > newest ? e->last_us : newest;
		put(&b, &e->address, e->first_us);
		put(&b, &e->address, e->last_us);
	}
	must(newest == list->newest_us);
	must(newest <= limits->now_us + 600 * CLOCK_SECOND_US);
	must(newest >= limits->now_us - CLOCK_DAY_US);
	must(tor_parse(a, b.data, b.n, limits, &again, &why) == 0);
	must(again.n == list->n && again.newest_us == newest);
	for (size_t i = 0; i < list->n; i++)
		must(addr_equal(&again.at[i].address, &list->at[i].address) &&
		    again.at[i].first_us == list->at[i].first_us &&
		    again.at[i].last_us == list->at[i].last_us);
	buf_free(&b);
}

static int
holds(const uint8_t *data, size_t size, const uint8_t *what, size_t n)
{
	for (size_t i = 0; i + n <= size; i++)
		if (memcmp(data + i, what, n) == 0)
			return 1;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t listed[] = {0, 4, 127, 0, 0, 2};
	/* 2026-11-21T12:00:00Z; every second list is for a stricter reader */
	struct tor_limits limits = {
	    .now_us = 1795262400 * CLOCK_SECOND_US,
	    .entries_min = 1 + size % 2};
	struct arena *a = arena_open(0);
	struct tor_list list;
	const char *why;
	int r = tor_parse(a, data, size, &limits, &list, &why);

	must((r == 0) == (why == NULL) && (r == 0) == (list.n != 0));
	if (r == 0) {
		must(data[size - 1] == '\n');
		check_list(a, &list, &limits);
	}
	switch (tor_judge(a, data, size, "7.113.0.203.z", &why)) {
	case TOR_EXIT:
		must(why == NULL && (data[3] & 15) == 0);
		must(holds(data, size, listed, sizeof listed));
		break;
	case TOR_NO:
		must(why == NULL && (data[3] & 15) == 3);
		break;
	case TOR_UNKNOWN:
		must(why != NULL);
		break;
	}
	arena_close(a);
	return 0;
}
