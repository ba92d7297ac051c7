/*
 * plaintiff bounce: one message from standard input, as a mail server's alias
 * hands it over; plaintiff bounces list.
 *
 * A mail server sends mail back whose command fails for good, and a bounce of
 * a bounce helps nobody: so it is told "later" (75) or nothing at all.
 */
#include <errno.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "hub/bounce/hear.h"
#include "hub/conf.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/list.h"
#include "hub/db.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

/* All of standard input is read, at most max_bytes kept.  -1: logged. */
static int
read_input(size_t max_bytes, struct buf *out)
{
	char piece[16384];

	for (;;) {
		ssize_t got = read(STDIN_FILENO, piece, sizeof piece);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			log_error("cannot read standard input");
			return -1;
		}
		if (got == 0)
			return 0;
		if (out->n + (size_t)got <= max_bytes)
			buf_add(out, piece, (size_t)got);
		else if (out->n < max_bytes)
			buf_add(out, piece, max_bytes - out->n);
	}
}

int
ctl_bounce(struct ctl *c)
{
	struct hear h;
	struct buf bytes = {0};
	struct hear_message m = {.recipient = text_of(c->args[0]),
	    .received_us = clock_wall_us()};
	enum db_result r = DB_LOST;

	if (c->conf->bounce_address[0] == '\0') {
		log_error("bounce.address is empty: nothing is heard");
		return EX_TEMPFAIL;
	}
	if (hear_open(&h, c->conf) == 0 &&
	    read_input((size_t)c->conf->bounce_max_bytes, &bytes) == 0) {
		m.bytes = (struct text){.at = bytes.data, .n = bytes.n};
		r = hear_one(c->db, c->arena, &h, &m);
	}
	buf_free(&bytes);
	return r == DB_OK || r == DB_REFUSED ? EX_OK : EX_TEMPFAIL;
}

int
ctl_bounces_list(struct ctl *c)
{
	enum { FOR_PEOPLE = 8 };

	return list_show(c, "ctl_bounces_list", FOR_PEOPLE);
}
