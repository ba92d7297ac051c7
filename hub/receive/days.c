/* Days with partitions; see days.h. */
#include "hub/receive/days.h"

void
days_add(struct days *d, int64_t day)
{
	if (day < 0 || day >= DAYS_MOST || days_hold(d, (uint32_t)day))
		return;
	d->bits[day / 64] |= UINT64_C(1) << (day % 64);
	d->n++;
}

bool
days_hold(const struct days *d, uint32_t day)
{
	return day < DAYS_MOST && (d->bits[day / 64] >> (day % 64) & 1) != 0;
}

uint32_t
days_of_id(const uint8_t id[16])
{
	uint32_t second = (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 |
	    (uint32_t)id[2] << 8 | (uint32_t)id[3];

	return second / DAYS_SECONDS;
}
