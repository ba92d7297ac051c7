/*
 * Writes a realistic mail log to standard output, the same for the same
 * options: what the benchmarks read.
 *
 *   logs [-s SEED] [-h PERMILLE_OF_HITS] [-f 3164|3339]
 *       [-m postfix|mixed|all] BYTES
 *
 * BYTES may end in K, M or G (decimal).  The truth goes to standard error as
 * one JSON object: lines, bytes, hits.  The mixes: hits of Postfix only (the
 * lines of others are there without hits); a fifth of them of Dovecot; also
 * sendmail, Courier and Cyrus.
 */
#include "tests/bench/logs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024, BLOCK_BYTES = 1 << 20 };

unsigned
logs_pick(struct logs *l, unsigned n)
{
	uint64_t z = l->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ (z >> 31)) % n);
}

size_t
logs_stamp(struct logs *l, char *out, size_t cap)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t second;

	/* some 25 lines a second: a week is 15 million */
	l->clock_us += logs_pick(l, 80000);
	second = l->clock_us / CLOCK_SECOND_US;
	if (second != l->second) {
		l->second = second;
		clock_format(l->text, second * CLOCK_SECOND_US, false);
	}
	if (l->old_stamps)
		return (size_t)snprintf(out, cap, "%.3s %2d %.8s mx1 ",
		    months + 3 * (atoi(l->text + 5) - 1), atoi(l->text + 8),
		    l->text + 11);
	return (size_t)snprintf(out, cap, "%.19s.%06d+00:00 mx1 ", l->text,
	    (int)(l->clock_us % CLOCK_SECOND_US));
}

static uint64_t
parse_bytes(const char *s)
{
	char *end;
	uint64_t n = strtoull(s, &end, 10);

	switch (*end) {
	case 'K': return n * 1000;
	case 'M': return n * 1000000;
	case 'G': return n * 1000000000;
	case '\0': return n;
	default: return 0;
	}
}

static _Noreturn void
usage(void)
{
	fprintf(stderr, "usage: logs [-s SEED] [-h PERMILLE_OF_HITS] "
	    "[-f 3164|3339]\n    [-m postfix|mixed|all] BYTES[K|M|G]\n");
	exit(EX_USAGE);
}

static int
write_log(struct logs *l, uint64_t bytes, unsigned permille, enum mix mix)
{
	static char block[BLOCK_BYTES + LINE_MAX_BYTES];
	uint64_t written = 0, lines = 0, hits = 0;
	size_t n = 0;

	while (written + n < bytes) {
		if (logs_pick(l, 1000) < permille) {
			n += logs_hit(l, mix, block + n, LINE_MAX_BYTES);
			hits++;
		} else {
			n += logs_plain(l, block + n, LINE_MAX_BYTES);
		}
		lines++;
		if (n < BLOCK_BYTES && written + n < bytes)
			continue;
		if (fwrite(block, 1, n, stdout) != n) {
			perror("logs");
			return EX_IOERR;
		}
		written += n;
		n = 0;
	}
	if (fflush(stdout) != 0) {
		perror("logs");
		return EX_IOERR;
	}
	fprintf(stderr, "{\"lines\":%" PRIu64 ",\"bytes\":%" PRIu64
	    ",\"hits\":%" PRIu64 "}\n", lines, written, hits);
	return 0;
}

int
main(int argc, char **argv)
{
	struct logs l = {.random = 1, .second = -1};
	unsigned permille = 50;
	enum mix mix = MIX_MIXED;
	uint64_t bytes;
	int c;

	while ((c = getopt(argc, argv, "s:h:f:m:")) != -1) {
		switch (c) {
		case 's': l.random = strtoull(optarg, NULL, 10); break;
		case 'h': permille = (unsigned)atoi(optarg); break;
		case 'f':
			if (strcmp(optarg, "3164") != 0 &&
			    strcmp(optarg, "3339") != 0)
				usage();
			l.old_stamps = strcmp(optarg, "3164") == 0;
			break;
		case 'm':
			if (strcmp(optarg, "postfix") == 0)
				mix = MIX_POSTFIX;
			else if (strcmp(optarg, "all") == 0)
				mix = MIX_ALL;
			else if (strcmp(optarg, "mixed") != 0)
				usage();
			break;
		default: usage();
		}
	}
	if (argc - optind != 1 || (bytes = parse_bytes(argv[optind])) == 0 ||
	    permille > 1000)
		usage();
	clock_parse("2026-03-01T00:00:00Z", 20, &l.clock_us);
	return write_log(&l, bytes, permille, mix);
}
