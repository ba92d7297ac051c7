/* Two clocks that must go on together; see steady.h. */
#include "hub/deliver/steady.h"

#include "hub/conf.h"
#include "hub/deliver/deliver_rows.h"
#include "hub/worker.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

enum {
	EVERY_MS = 10000,
	JUMP_MS = 60000, /* of this host's own clock: asked at once */
};

enum db_result
steady_check(struct worker_context *c, struct arena *a, struct steady *s,
    bool *moved)
{
	int64_t apart_ms = clock_wall_us() / 1000 - clock_boot_ms();
	int64_t jump_ms = apart_ms - s->apart_ms;
	char boot[CLOCK_BOOT_BYTES];
	int64_t moved_s;
	enum db_result r;

	*moved = s->moved;
	/* a stopped one is asked each time: it may have been accepted */
	if (s->asked && !s->moved && clock_mono_ms() < s->next_ms &&
	    jump_ms < JUMP_MS && jump_ms > -JUMP_MS)
		return DB_OK;
	r = deliver_rows_clock(c->db, a, c->conf->hub_name,
	    clock_boot_id(boot), clock_boot_ms(), &moved_s);
	if (r != DB_OK)
		return r;
	s->asked = true;
	s->next_ms = clock_mono_ms() + EVERY_MS;
	s->apart_ms = apart_ms;
	s->moved = *moved = moved_s != 0;
	if (s->moved && !s->logged)
		log_error("time has jumped seconds=%lld: nothing is sent until "
		          "the clock is right and plaintiff clock accept",
		    (long long)moved_s);
	s->logged = s->moved;
	return DB_OK;
}
