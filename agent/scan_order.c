/* The year in which a file begins; see scan_order.h. */
#include "agent/scan_order.h"

#include <stdlib.h>
#include <string.h>

#include "agent/detect.h"
#include "agent/line.h"
#include "agent/scan_read.h"
#include "proto/base/die.h"

enum {
	PLACES = 512, /* a log of 50 years has ten in each */
	PLACE_BYTES = 4096,
};

struct place {
	struct line line;
	char bytes[PLACE_BYTES];
};

/* The first whole line behind offset that has a header with a stamp. */
static bool
look(const struct scan_file *f, int64_t offset, struct place *p)
{
	size_t n = scan_file_peek(f, offset, p->bytes, sizeof p->bytes), at = 0;

	while (at < n) {
		const char *s = p->bytes + at;
		const char *lf = memchr(s, '\n', n - at);
		size_t length = lf == NULL ? n - at : (size_t)(lf - s);

		/* the first of them may be the end of a line */
		if ((at > 0 || offset == 0) &&
		    line_parse((struct text){.at = s, .n = length}, &p->line))
			return true;
		at += length + 1;
	}
	return false;
}

void
scan_order(const struct scan_file *f, struct detect *d)
{
	int64_t done, all;
	struct place *p;
	struct line *lines;
	size_t n = 0;

	scan_file_progress(f, &done, &all);
	p = malloc(sizeof *p);
	lines = calloc(PLACES + 1, sizeof *lines);
	if (p == NULL || lines == NULL)
		die(71, "scan: out of memory");
	for (int64_t i = 0; i <= PLACES && all > 0; i++) {
		int64_t offset = all / PLACES * i;
		char *stamp;

		if (i == PLACES)
			offset = all - PLACE_BYTES;
		if (offset < 0 || (i > 0 && all / PLACES == 0 && i < PLACES) ||
		    !look(f, offset, p))
			continue;
		/* other stamps say their year */
		if (p->line.form != LINE_RFC3164)
			break;
		lines[n] = p->line;
		stamp = malloc(p->line.stamp.n);
		if (stamp == NULL)
			die(71, "scan: out of memory");
		memcpy(stamp, p->line.stamp.at, p->line.stamp.n);
		lines[n++].stamp.at = stamp;
	}
	detect_set_order(d, lines, n);
	while (n-- > 0)
		free((char *)(uintptr_t)lines[n].stamp.at);
	free(lines);
	free(p);
}
