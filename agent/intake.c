/* The turn; see intake.h. */
#include "agent/intake.h"

#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/conf.h"
#include "agent/filter.h"
#include "agent/intake_inside.h"
#include "agent/outbox.h"
#include "agent/source.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"

void
intake_close(struct intake *t)
{
	if (t == NULL)
		return;
	intake_feeds_close(t);
	filter_close(t->filter);
	arena_close(t->arena);
	arena_close(t->names);
	free(t);
}

struct intake *
intake_open(const struct agent_conf *conf, const struct rules *rules,
    struct outbox *outbox, struct intake *before)
{
	struct intake *t = calloc(1, sizeof *t);
	const struct buf none = {0};
	struct detect *judge;

	if (t == NULL)
		die(EX_OSERR, "out of memory");
	t->conf = conf;
	t->outbox = outbox;
	t->detect = (struct detect_options){.rules = rules,
	    .zone = conf->source_zone,
	    .site = conf->agent_site};
	if (gethostname(t->host, sizeof t->host - 1) == 0)
		t->detect.host = t->host;
	t->filter = filter_open(&(struct filter_options){
	    .unreportable = &conf->filter_unreportable,
	    .own = &conf->filter_own,
	    .addresses = conf->addresses,
	    .address_count = conf->address_count});
	t->arena = arena_open(0);
	t->committed_ms = clock_mono_ms();
	t->names = arena_open(0);
	/* the zone is judged before anything is taken over */
	judge = intake_feeds_detect(t, "", &none);
	detect_close(judge);
	if (judge == NULL) {
		intake_close(t);
		return NULL;
	}
	intake_feeds_open(t, before);
	intake_close(before);
	return t;
}

/* What was read since the last commit was not: all of it is read again. */
static enum intake_result
undo(struct intake *t, enum outbox_result r)
{
	outbox_rollback(t->outbox);
	for (size_t i = 0; i < t->count; i++) {
		struct feed *f = &t->feeds[i];
		struct detect *d = intake_feeds_detect(t,
		    source_name(f->source), &f->memory);

		source_rewind(f->source);
		f->ended = false;
		if (d == NULL)
			die(EX_CONFIG, "the time zone is gone");
		detect_close(f->detect);
		f->detect = d;
	}
	filter_forget(t->filter);
	t->more = (struct wire_counters){0};
	return r == OUTBOX_FULL ? INTAKE_FULL
	    : r == OUTBOX_CORRUPT ? INTAKE_CORRUPT : INTAKE_FAILED;
}

static enum outbox_result
put_places(struct intake *t)
{
	for (size_t i = 0; i < t->count; i++) {
		struct feed *f = &t->feeds[i];
		struct source_place place;
		enum outbox_result r;

		if (!source_has_moved(f->source))
			continue;
		buf_reset(&f->saved);
		detect_save(f->detect, &f->saved);
		if (!source_place(f->source, &place))
			continue;
		r = outbox_put_place(t->outbox, source_name(f->source),
		    &place, (struct text){.at = f->saved.data,
		        .n = f->saved.n});
		if (r != OUTBOX_OK)
			return r;
	}
	return OUTBOX_OK;
}

enum intake_result
intake_finish(struct intake *t)
{
	enum outbox_result r = put_places(t);
	struct wire_counters more = t->more;

	if (r == OUTBOX_OK) {
		for (size_t i = 0; i < t->count; i++)
			more.lost_places += source_losses(t->feeds[i].source);
		outbox_count(t->outbox, &more);
		r = outbox_commit(t->outbox);
	}
	if (r != OUTBOX_OK)
		return undo(t, r);
	for (size_t i = 0; i < t->count; i++) {
		struct feed *f = &t->feeds[i];
		struct buf old = f->memory;

		if (!source_has_moved(f->source))
			continue;
		f->memory = f->saved;
		f->saved = old;
		source_commit(f->source);
	}
	t->more = (struct wire_counters){0};
	t->committed_ms = clock_mono_ms();
	return INTAKE_IDLE;
}

/* What the wire cannot carry is made so that it can. */
static void
make_sendable(struct intake *t, struct event *e)
{
	e->read_us = t->now_us;
	if (e->pid < EVENT_NO_PID || e->pid >= INT32_MAX) {
		e->pid = EVENT_NO_PID;
		event_make_id(e, text_of(t->detect.site));
	}
	filter_complete(t->filter, e);
}

/* What becomes of an event: when there is no room, only a count. */
enum taking { KEEP, COUNT };

static enum outbox_result
take_event(struct intake *t, struct event *e, enum taking taking)
{
	enum outbox_result r = OUTBOX_OK;

	switch (filter_judge(t->filter, e)) {
	case FILTER_UNREPORTABLE:
		t->more.unreportable++;
		break;
	case FILTER_WITHHELD:
		t->more.withheld++;
		break;
	case FILTER_SEND:
		make_sendable(t, e);
		r = taking == KEEP ? outbox_put(t->outbox, e)
		                   : outbox_put_lost(t->outbox, e);
		t->counted += taking == COUNT && r == OUTBOX_OK;
		break;
	}
	return r == OUTBOX_KNOWN ? OUTBOX_OK : r;
}

/* What becomes of a line. */
static enum outbox_result
take_result(struct intake *t, enum detect_result result, struct event *e,
    enum taking taking, size_t *events)
{
	t->more.lines++;
	switch (result) {
	case DETECT_EVENT:
		++*events;
		return take_event(t, e, taking);
	case DETECT_IGNORED:
		t->more.ignored++;
		break;
	case DETECT_TOLD:
		t->more.withheld++;
		break;
	case DETECT_UNPARSABLE:
		t->more.unparsable++;
		break;
	}
	return OUTBOX_OK;
}

static enum outbox_result
take_line(struct intake *t, struct feed *f, struct text line,
    enum taking taking, size_t *events)
{
	enum detect_result result;
	struct event e;

	arena_reset(t->arena);
	t->now_us = clock_wall_us();
	detect_set_now(f->detect, source_bound_us(f->source));
	result = detect_line(f->detect, line, t->arena, &e);
	return take_result(t, result, &e, taking, events);
}

/* The lines at hand, as far as the turn's limit allows. */
static enum outbox_result
take_ahead(struct intake *t, struct feed *f, size_t *events)
{
	struct text ahead = source_ahead(f->source);
	enum outbox_result r = OUTBOX_OK;
	struct detect_lines l;
	struct event e;

	/* all of them were there before this */
	t->now_us = clock_wall_us();
	detect_set_now(f->detect, source_bound_us(f->source));
	detect_begin(&l, ahead);
	while (r == OUTBOX_OK && l.left.n > 0 && !outbox_is_laden(t->outbox)) {
		uint64_t ignored = 0;
		enum detect_result result = detect_lines(f->detect, &l,
		    t->arena, &e, &ignored);

		t->more.lines += ignored;
		t->more.ignored += ignored;
		if (result != DETECT_IGNORED)
			r = take_result(t, result, &e, KEEP, events);
	}
	/* what failed is read again anyway */
	source_take(f->source, ahead.n - l.left.n);
	return r;
}

/* What one source has, within the turn's limits. */
static enum outbox_result
read_feed(struct intake *t, struct feed *f, int64_t until_ms, size_t *events,
    enum source_result *last)
{
	enum outbox_result r;
	struct text line;

	while (!outbox_is_laden(t->outbox)) {
		*last = source_next(f->source, &line);
		if (*last != SOURCE_LINE)
			return OUTBOX_OK;
		r = take_line(t, f, line, KEEP, events);
		if (r == OUTBOX_OK)
			r = take_ahead(t, f, events);
		if (r != OUTBOX_OK)
			return r;
		if (clock_mono_ms() >= until_ms)
			return OUTBOX_OK;
	}
	return OUTBOX_OK;
}

static bool
has_moved(const struct intake *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (source_has_moved(t->feeds[i].source))
			return true;
	return false;
}

static enum intake_result
turn(struct intake *t)
{
	int64_t until_ms = clock_mono_ms() + INTAKE_TURN_MS;
	bool more = false, must = false;
	size_t events = 0;

	for (size_t i = 0; i < t->count; i++) {
		struct feed *f = &t->feeds[(t->next + i) % t->count];
		enum source_result last = SOURCE_LINE;
		enum outbox_result r = read_feed(t, f, until_ms, &events,
		    &last);

		if (r != OUTBOX_OK)
			return undo(t, r);
		more |= last == SOURCE_LINE || last == SOURCE_COMMIT;
		must |= last == SOURCE_COMMIT;
		f->ended = last == SOURCE_END;
	}
	t->next = t->count == 0 ? 0 : (t->next + 1) % t->count;
	if (events != 0 || must || (has_moved(t) &&
	        clock_mono_ms() - t->committed_ms >= INTAKE_IDLE_MS)) {
		enum intake_result r = intake_finish(t);

		if (r != INTAKE_IDLE)
			return r;
	}
	return more ? INTAKE_MORE : INTAKE_IDLE;
}

/* Counts what is left of one file that rotation has removed. */
static enum outbox_result
count_feed(struct intake *t, struct feed *f, int64_t until_ms)
{
	struct source_place first, now;
	enum source_result last = SOURCE_LINE;
	enum outbox_result r = OUTBOX_OK;
	struct text line;
	size_t events = 0;

	(void)source_place(f->source, &first);
	while (r == OUTBOX_OK && clock_mono_ms() < until_ms) {
		last = source_next(f->source, &line);
		if (last != SOURCE_LINE)
			break;
		(void)source_place(f->source, &now);
		if (now.inode != first.inode || now.device != first.device) {
			/* the next file is not in danger yet */
			source_rewind(f->source);
			break;
		}
		r = take_line(t, f, line, COUNT, &events);
	}
	return r;
}

/* There is no room.  What rotation would take away unread is counted by its
 * addresses, and declared. */
static enum intake_result
count_endangered(struct intake *t)
{
	int64_t until_ms = clock_mono_ms() + INTAKE_TURN_MS;
	bool any = false;

	for (size_t i = 0; i < t->count; i++) {
		struct feed *f = &t->feeds[i];
		enum outbox_result r;

		if (!source_is_endangered(f->source))
			continue;
		if (t->counted == 0 && !any)
			log_error("intake: no room, and rotation removes what "
			    "is unread: its events are counted, not kept "
			    "file=%s", source_name(f->source));
		any = true;
		r = count_feed(t, f, until_ms);
		if (r != OUTBOX_OK) {
			(void)undo(t, r);
			return INTAKE_FULL;
		}
	}
	if (!any || intake_finish(t) != INTAKE_IDLE)
		return INTAKE_FULL;
	return INTAKE_COUNTED;
}

enum intake_result
intake_turn(struct intake *t)
{
	enum intake_result r;

	intake_feeds_look(t);
	r = outbox_has_room(t->outbox) ? turn(t) : INTAKE_FULL;
	if (r == INTAKE_FULL)
		return count_endangered(t);
	if (t->counted != 0 && (r == INTAKE_IDLE || r == INTAKE_MORE)) {
		log_error("intake: there is room again; counted, not kept "
		    "events=%llu", (unsigned long long)t->counted);
		t->counted = 0;
	}
	return r;
}

void
intake_begin_anew(struct intake *t, struct outbox *outbox)
{
	(void)undo(t, OUTBOX_CORRUPT);
	t->outbox = outbox;
	intake_feeds_again(t);
}

bool
intake_is_over(const struct intake *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (!t->feeds[i].ended)
			return false;
	return t->count != 0;
}

size_t
intake_fds(const struct intake *t, struct pollfd *out)
{
	size_t n = 0;

	for (size_t i = 0; i < t->count && n < INTAKE_MOST_FDS; i++) {
		int fd = source_fd(t->feeds[i].source);

		if (fd >= 0)
			out[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
	return n;
}
