/* Rate of log lines; see meter.h. */
#include "hub/receive/meter.h"

uint64_t
meter_due(struct meter *m, int64_t now_ms)
{
	uint64_t count = m->unsaid;

	if (count == 0 || (m->next_ms != 0 && now_ms < m->next_ms))
		return 0;
	m->unsaid = 0;
	m->next_ms = now_ms + METER_EVERY_MS;
	return count;
}

uint64_t
meter_hit(struct meter *m, int64_t now_ms)
{
	m->unsaid++;
	return meter_due(m, now_ms);
}
