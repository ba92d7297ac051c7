/*
 * Counts what strangers can cause, and says when a line in the log is due:
 * at once for the first, then at most one a minute with the sum since.
 */
#ifndef PLAINTIFF_METER_H
#define PLAINTIFF_METER_H

#include <stdint.h>

enum { METER_EVERY_MS = 60000 };

/* All zero: nothing counted. */
struct meter {
	uint64_t unsaid;
	int64_t next_ms; /* 0: at once */
};

/* One more.  The count to log now, or 0. */
uint64_t meter_hit(struct meter *m, int64_t now_ms);
/* Called now and then: what was counted since the last line, once due. */
uint64_t meter_due(struct meter *m, int64_t now_ms);

#endif
