/*
 * How fast reports are composed, and whether memory stays flat.  usage:
 *
 *	compose_speed [MAILS [SOURCES [EVENTS [MODE]]]]
 *
 * MAILS reports in each mode, or in MODE alone, about SOURCES addresses (IPv4
 * and IPv6 by turns) with EVENTS listed events each.  Exits 1 when
 * consolidated is under 2,000 in a second of one processor, or when memory has
 * grown after the first tenth.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "tests/golden/facts.h"

enum { LIMIT_A_SECOND = 2000, GROWTH_KIB = 512 };

struct load {
	struct compose_source *sources;
	size_t count;
};

static long
resident_kib(void)
{
	char line[256];
	long kib = 0;
	FILE *f = fopen("/proc/self/status", "r");

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	if (f != NULL)
		(void)fclose(f);
	return kib;
}

/* Of the processor, so that other work on the machine does not count. */
static double
cpu_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct load
make_load(struct arena *a, size_t sources, size_t events)
{
	struct load l = {.count = sources,
	    .sources = arena_array(a, sources, sizeof *l.sources)};

	for (size_t i = 0; i < sources; i++) {
		struct compose_event *e = arena_array(a, events, sizeof *e);
		const char *address = i % 2 == 0
		    ? arena_printf(a, "203.0.%zu.%zu", i / 250, 1 + i % 250)
		    : arena_printf(a, "2001:db8:1234:5678::%zx", i);

		for (size_t j = 0; j < events; j++)
			e[j] = facts_event((int)(86400 - j),
			    j % 5 == 4 ? KIND_RELAY_DENIED : KIND_AUTH_FAILURE,
			    (uint16_t)(40000 + j), "192.0.2.25", 587,
			    "postfix/submission/smtpd",
			    arena_printf(a, "user%zu@mail.example", j));
		l.sources[i] = facts_source(address, e, events);
	}
	return l;
}

struct result {
	double a_second, kib;
	long growth_kib;
};

/* Each report is another one, as in life: nothing can be kept. */
static int
measure(const struct load *l, enum compose_mode mode, size_t mails,
    struct result *out)
{
	struct compose_facts f = facts_of(l->sources, l->count);
	struct arena *a = arena_open(0);
	size_t done = 0, bytes = 0;
	double began = cpu_seconds();
	long early = 0;

	f.mode = mode;
	f.xarf_max = 100;
	for (size_t i = 0; done < mails; i++) {
		char uuid[37];
		struct composed made;
		const char *why;

		arena_reset(a);
		(void)snprintf(uuid, sizeof uuid,
		    "4f0c8a52-19d7-4c0e-9b1a-%012zx", i);
		f.uuid = uuid;
		f.contact = (int64_t)i;
		if (compose_mails(&f, a, &made, &why) < 0) {
			fprintf(stderr, "%s\n", why);
			return -1;
		}
		for (size_t j = 0; j < made.count; j++)
			bytes += made.mails[j].mail.n;
		done += made.count;
		if (early == 0 && done >= mails / 10)
			early = resident_kib();
	}
	*out = (struct result){
	    .a_second = (double)done / (cpu_seconds() - began),
	    .kib = (double)bytes / (double)done / 1024,
	    .growth_kib = resident_kib() - early};
	arena_close(a);
	return 0;
}

static size_t
number(int argc, char **argv, int at, size_t otherwise)
{
	return argc > at ? (size_t)strtoull(argv[at], NULL, 10) : otherwise;
}

int
main(int argc, char **argv)
{
	static const char *const names[] = {
	    [COMPOSE_CONSOLIDATED] = "consolidated",
	    [COMPOSE_XARF] = "xarf",
	    [COMPOSE_TEXT] = "text"};
	size_t mails = number(argc, argv, 1, 20000);
	struct arena *a = arena_open(0);
	struct load l = make_load(a, number(argc, argv, 2, 10),
	    number(argc, argv, 3, 5));
	int result = EX_OK;

	printf("mode          mails/s  us/mail  KiB/mail  growth KiB\n");
	for (int m = 0; m < 3; m++) {
		struct result r;

		if (argc > 4 && strcmp(argv[4], names[m]) != 0)
			continue;
		if (measure(&l, (enum compose_mode)m, mails, &r) < 0)
			return EX_SOFTWARE;
		printf("%-12s %8.0f %8.0f %9.1f %11ld\n", names[m],
		    r.a_second, 1e6 / r.a_second, r.kib, r.growth_kib);
		if (r.growth_kib > GROWTH_KIB ||
		    (m == COMPOSE_CONSOLIDATED && r.a_second < LIMIT_A_SECOND))
			result = 1;
	}
	printf("limits: %d consolidated mails/s, memory grows by %d KiB: %s\n",
	    LIMIT_A_SECOND, GROWTH_KIB, result == EX_OK ? "met" : "NOT MET");
	arena_close(a);
	return result;
}
