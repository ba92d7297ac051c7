/* The turn; see intake.h. */
#include "agent/intake.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/conf.h"
#include "agent/detect.h"
#include "agent/filter.h"
#include "agent/outbox.h"
#include "agent/source.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"

struct feed {
	struct source *source;
	struct detect *detect;
	struct buf memory; /* of detect, as of the last commit */
	struct buf saved;  /* as of the commit under way */
	bool ended;
};

struct intake {
	const struct agent_conf *conf;
	struct outbox *outbox;
	struct detect_options detect;
	char host[256]; /* ours, for lines that name none */
	struct filter *filter;
	struct arena *arena;      /* one line */
	struct feed *feeds;
	size_t count, next;       /* next: whose turn is first */
	struct wire_counters more;/* since the last commit */
	int64_t committed_ms;
};

static struct detect *
new_detect(const struct intake *t, const char *source,
    const struct buf *memory)
{
	const char *why = "";
	struct detect_options o = t->detect;
	struct detect *d;

	o.zone = agent_conf_zone(t->conf, source);
	d = detect_open(&o, &why);
	if (d == NULL) {
		log_error("source.zone: %s: %s", o.zone, why);
		return NULL;
	}
	if (memory->n != 0 && detect_load(d, (struct text){.at = memory->data,
	        .n = memory->n}) < 0)
		log_warning("intake: what was remembered of a source is "
		    "unreadable; beginning afresh");
	return d;
}

static void
close_feed(struct feed *f)
{
	source_close(f->source);
	detect_close(f->detect);
	buf_free(&f->memory);
	buf_free(&f->saved);
}

void
intake_close(struct intake *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->count; i++)
		close_feed(&t->feeds[i]);
	free(t->feeds);
	filter_close(t->filter);
	arena_close(t->arena);
	free(t);
}

/* Opens a source where the outbox says it was left. */
static void
open_source(struct intake *t, struct feed *f, const char *name)
{
	struct source_place place;
	struct text memory;
	struct source_file_options o = {.path = name,
	    .from_end = t->conf->from_end,
	    .grace_ms = t->conf->source_grace * 1000};

	if (strcmp(name, "-") == 0) {
		f->source = source_stdin_open(STDIN_FILENO);
		return;
	}
	if (outbox_place(t->outbox, name, t->arena, &place, &memory)) {
		o.place = &place;
		buf_add(&f->memory, memory.at, memory.n);
	}
	f->source = source_is_journal(name) ? source_journal_open(&o)
	                                    : source_file_open(&o);
}

static void
take_over(struct feed *to, struct intake *before, const char *name)
{
	for (size_t i = 0; before != NULL && i < before->count; i++) {
		struct feed *f = &before->feeds[i];

		if (f->source == NULL ||
		    strcmp(source_name(f->source), name) != 0)
			continue;
		to->source = f->source;
		to->memory = f->memory;
		to->ended = f->ended;
		f->source = NULL;
		f->memory = (struct buf){0};
	}
}

struct intake *
intake_open(const struct agent_conf *conf, const struct rules *rules,
    struct outbox *outbox, struct intake *before)
{
	struct intake *t = calloc(1, sizeof *t);
	const struct buf none = {0};

	if (t == NULL || (t->feeds = calloc(conf->source_file.n + 1,
	        sizeof *t->feeds)) == NULL)
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
	/* the zone is judged before anything is taken over */
	detect_close(t->feeds[0].detect = new_detect(t, "", &none));
	if (t->feeds[0].detect == NULL) {
		intake_close(t);
		return NULL;
	}
	for (; t->count < conf->source_file.n; t->count++) {
		struct feed *f = &t->feeds[t->count];

		take_over(f, before, conf->source_file.at[t->count]);
		if (f->source == NULL)
			open_source(t, f, conf->source_file.at[t->count]);
		f->detect = new_detect(t, source_name(f->source),
		    &f->memory);
		if (f->detect == NULL)
			die(EX_CONFIG, "the time zone is gone");
	}
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
		struct detect *d = new_detect(t, source_name(f->source),
		    &f->memory);

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

	if (r == OUTBOX_OK) {
		outbox_count(t->outbox, &t->more);
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
	e->read_us = clock_wall_us();
	if (e->pid < EVENT_NO_PID || e->pid >= INT32_MAX) {
		e->pid = EVENT_NO_PID;
		event_make_id(e, text_of(t->detect.site));
	}
	filter_complete(t->filter, e);
}

static enum outbox_result
take_event(struct intake *t, struct event *e)
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
		r = outbox_put(t->outbox, e);
		break;
	}
	return r == OUTBOX_KNOWN ? OUTBOX_OK : r;
}

static enum outbox_result
take_line(struct intake *t, struct feed *f, struct text line, size_t *events)
{
	struct event e;

	arena_reset(t->arena);
	detect_set_now(f->detect, source_bound_us(f->source));
	t->more.lines++;
	switch (detect_line(f->detect, line, t->arena, &e)) {
	case DETECT_EVENT:
		++*events;
		return take_event(t, &e);
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

/* What one source has, within the turn's limits. */
static enum outbox_result
read_feed(struct intake *t, struct feed *f, int64_t until_ms, size_t *events,
    enum source_result *last)
{
	struct text line;
	enum outbox_result r;

	for (size_t n = 1; *events < INTAKE_TURN_EVENTS; n++) {
		*last = source_next(f->source, &line);
		if (*last != SOURCE_LINE)
			return OUTBOX_OK;
		r = take_line(t, f, line, events);
		if (r != OUTBOX_OK)
			return r;
		if (n % 256 == 0 && clock_mono_ms() >= until_ms)
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

enum intake_result
intake_turn(struct intake *t)
{
	int64_t until_ms = clock_mono_ms() + INTAKE_TURN_MS;
	bool more = false, must = false;
	size_t events = 0;

	if (!outbox_has_room(t->outbox))
		return INTAKE_FULL;
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
