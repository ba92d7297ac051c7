/* Zones; see zone.h. */
#include "agent/zone.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/die.h"

enum {
	DAY_S = 86400,
	SAMPLE_S = 7 * DAY_S, /* no rule changes twice within a week */
};

#define LAST_S INT64_C(4291747200) /* 2106-01-01 */

struct change {
	int64_t from_s; /* UTC; this offset holds from here on */
	int64_t offset_s;
};

struct zone {
	struct change *changes; /* the first holds from the beginning */
	size_t n;
};

static int64_t
libc_offset(int64_t utc_s)
{
	time_t t = (time_t)utc_s;
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL)
		return 0;
	return tm.tm_gmtoff;
}

/* The first second of [from, to] whose offset is no longer that of from. */
static int64_t
find_change(int64_t from, int64_t to)
{
	int64_t before = libc_offset(from);

	while (to - from > 1) {
		int64_t mid = from + (to - from) / 2;

		if (libc_offset(mid) == before)
			from = mid;
		else
			to = mid;
	}
	return to;
}

static void
add_change(struct zone *z, int64_t from_s, int64_t offset_s)
{
	struct change *bigger =
	    realloc(z->changes, (z->n + 1) * sizeof *z->changes);

	if (bigger == NULL)
		die(71, "zone: out of memory");
	z->changes = bigger;
	z->changes[z->n++] =
	    (struct change){.from_s = from_s, .offset_s = offset_s};
}

static void
sample(struct zone *z)
{
	add_change(z, 0, libc_offset(0));
	for (int64_t t = 0; t < LAST_S; t += SAMPLE_S) {
		int64_t next = libc_offset(t + SAMPLE_S);

		if (next != z->changes[z->n - 1].offset_s)
			add_change(z, find_change(t, t + SAMPLE_S), next);
	}
}

/* libc takes any unknown name for UTC without a word, so look ourselves. */
static bool
exists(const char *name)
{
	const char *dir = getenv("TZDIR");
	char path[512];

	if (name[0] == '/' || strstr(name, "..") != NULL)
		return false;
	if (dir == NULL)
		dir = "/usr/share/zoneinfo";
	if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
		return false;
	if (access(path, R_OK) == 0)
		return true;
	/* a machine without tzdata still knows this one */
	return strcmp(name, "UTC") == 0;
}

struct zone *
zone_open(const char *name, const char **why)
{
	const char *tz = getenv("TZ");
	char *kept = NULL;
	struct zone *z;

	if (name[0] != '\0' && !exists(name)) {
		*why = "no such zone in the tz database";
		return NULL;
	}
	if (tz != NULL && (kept = strdup(tz)) == NULL)
		die(71, "zone: out of memory");
	if ((z = calloc(1, sizeof *z)) == NULL)
		die(71, "zone: out of memory");
	if (name[0] != '\0' && setenv("TZ", name, 1) != 0)
		die(71, "zone: out of memory");
	tzset();
	sample(z);
	if (name[0] != '\0') {
		if (kept == NULL)
			(void)unsetenv("TZ");
		else if (setenv("TZ", kept, 1) != 0)
			die(71, "zone: out of memory");
		tzset();
	}
	free(kept);
	return z;
}

void
zone_close(struct zone *z)
{
	if (z == NULL)
		return;
	free(z->changes);
	free(z);
}

static int64_t
offset_at(const struct zone *z, int64_t utc_s)
{
	size_t low = 0, high = z->n;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (z->changes[mid].from_s <= utc_s)
			low = mid;
		else
			high = mid;
	}
	return z->changes[low].offset_s;
}

int
zone_to_utc(const struct zone *z, int64_t local_s, int64_t utc_s[2])
{
	/* no offset exceeds a day, so these are the ones before and after */
	int64_t before = offset_at(z, local_s - DAY_S);
	int64_t after = offset_at(z, local_s + DAY_S);
	int64_t first = local_s - before, second = local_s - after;
	bool first_is = offset_at(z, first) == before;
	bool second_is = offset_at(z, second) == after;

	if (before != after && first_is && second_is) {
		utc_s[0] = first < second ? first : second;
		utc_s[1] = first < second ? second : first;
		return 2;
	}
	utc_s[0] = utc_s[1] = !first_is && second_is ? second : first;
	return 1;
}
