/*
 * Which sources an intake has: the files of the settings, those their
 * patterns name now and later, standard input.  See intake_inside.h.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/conf.h"
#include "agent/intake.h"
#include "agent/intake_inside.h"
#include "agent/outbox.h"
#include "agent/pattern.h"
#include "agent/source.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/log.h"

enum {
	LOOK_MS = 1000,
	GONE_MS = 60000,   /* a matched file is dropped when so long gone */
	MOST_FEEDS = 256,
	AGAIN_DAYS = 7,    /* what is read again when places were lost */
};

struct detect *
intake_feeds_detect(const struct intake *t, const char *source,
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
intake_feeds_close(struct intake *t)
{
	for (size_t i = 0; i < t->count; i++)
		close_feed(&t->feeds[i]);
	free(t->feeds);
}

/* Opens a source where the outbox says it was left. */
static void
open_source(struct intake *t, struct feed *f, const char *name)
{
	struct source_place place;
	struct text memory;
	struct source_file_options o = {.path = name,
	    /* a file that appears later is new from its beginning */
	    .from_end = t->conf->from_end && !(f->matched && t->looked),
	    .grace_ms = t->conf->source_grace * 1000};

	if (strcmp(name, "-") == 0) {
		f->source = source_stdin_open(STDIN_FILENO);
		return;
	}
	if (outbox_place(t->outbox, name, t->arena, &place, &memory)) {
		o.place = &place;
		buf_add(&f->memory, memory.at, memory.n);
	} else if (outbox_is_anew(t->outbox)) {
		o.from_end = false;
		o.since_us = clock_wall_us() - AGAIN_DAYS * CLOCK_DAY_US;
	}
	f->source = source_is_journal(name) ? source_journal_open(&o)
	                                    : source_file_open(&o);
}

static void
take_over(const struct intake *t, struct feed *to, struct intake *before,
    const char *name)
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
		source_set_grace(to->source, t->conf->source_grace * 1000);
	}
}

static bool
is_open(const struct intake *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(source_name(t->feeds[i].source), name) == 0)
			return true;
	return false;
}

static void
add_feed(struct intake *t, struct intake *before, const char *name,
    bool matched)
{
	struct feed *f;

	if (is_open(t, name))
		return;
	if (t->count == MOST_FEEDS) {
		if (!t->too_many)
			log_error("intake: more than %d files; not read "
			    "file=%s", MOST_FEEDS, name);
		t->too_many = true;
		return;
	}
	if (t->count == t->room) {
		t->room = t->room == 0 ? 8 : 2 * t->room;
		t->feeds = reallocarray(t->feeds, t->room, sizeof *t->feeds);
		if (t->feeds == NULL)
			die(EX_OSERR, "out of memory");
	}
	f = &t->feeds[t->count];
	*f = (struct feed){.matched = matched};
	take_over(t, f, before, name);
	if (f->source == NULL)
		open_source(t, f, name);
	f->detect = intake_feeds_detect(t, name, &f->memory);
	if (f->detect == NULL)
		die(EX_CONFIG, "the time zone is gone");
	t->count++;
}

static void
add_matched(struct intake *t, struct intake *before)
{
	arena_reset(t->names);
	for (size_t i = 0; i < t->conf->source_file.n; i++) {
		const char *pattern = t->conf->source_file.at[i], **paths;
		size_t n;

		if (!pattern_is(pattern))
			continue;
		n = pattern_list(pattern, t->names, &paths);
		for (size_t k = 0; k < n; k++)
			add_feed(t, before, paths[k], true);
		if (n == 0 && !t->looked)
			log_notice("intake: no file yet matches %s", pattern);
	}
	t->looked = true;
	t->look_ms = clock_mono_ms() + LOOK_MS;
}

void
intake_feeds_open(struct intake *t, struct intake *before)
{
	for (size_t i = 0; i < t->conf->source_file.n; i++)
		if (!pattern_is(t->conf->source_file.at[i]))
			add_feed(t, before, t->conf->source_file.at[i],
			    false);
	if (before != NULL)
		t->looked = before->looked;
	add_matched(t, before);
	/* matched before, and rotated or gone just now */
	for (size_t i = 0; before != NULL && i < before->count; i++) {
		struct feed *f = &before->feeds[i];

		for (size_t k = 0; f->matched && f->source != NULL &&
		    k < t->conf->source_file.n; k++)
			if (pattern_names(t->conf->source_file.at[k],
			        source_name(f->source)))
				add_feed(t, before, source_name(f->source),
				    true);
	}
}

/* Drops what a pattern named and nothing is left of. */
static void
drop_gone(struct intake *t)
{
	for (size_t i = t->count; i-- > 0;) {
		struct feed *f = &t->feeds[i];
		bool unread;

		if (!f->matched || !source_is_gone(f->source, &unread)) {
			f->gone_ms = 0;
			continue;
		}
		if (f->gone_ms == 0)
			f->gone_ms = clock_mono_ms();
		if (clock_mono_ms() - f->gone_ms < GONE_MS)
			continue;
		if (outbox_drop_place(t->outbox, source_name(f->source)) !=
		    OUTBOX_OK)
			return;
		t->more.lost_places += unread;
		if (intake_finish(t) != INTAKE_IDLE)
			return;
		log_notice("intake: no longer there file=%s%s",
		    source_name(f->source),
		    unread ? "; its unread lines are lost" : "");
		close_feed(f);
		*f = t->feeds[--t->count];
	}
}

void
intake_feeds_look(struct intake *t)
{
	bool patterns = false;

	if (clock_mono_ms() < t->look_ms)
		return;
	for (size_t i = 0; i < t->conf->source_file.n; i++)
		patterns |= pattern_is(t->conf->source_file.at[i]);
	t->look_ms = patterns ? clock_mono_ms() + LOOK_MS : INT64_MAX;
	if (!patterns)
		return;
	drop_gone(t);
	add_matched(t, NULL);
}

void
intake_feeds_again(struct intake *t)
{
	for (size_t i = 0; i < t->count; i++) {
		struct feed *f = &t->feeds[i];
		struct source *old = f->source;

		if (strcmp(source_name(old), "-") == 0)
			continue;
		buf_reset(&f->memory);
		open_source(t, f, source_name(old));
		source_close(old);
		detect_close(f->detect);
		f->detect = intake_feeds_detect(t, source_name(f->source),
		    &f->memory);
		if (f->detect == NULL)
			die(EX_CONFIG, "the time zone is gone");
	}
}
