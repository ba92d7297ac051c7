/*
 * The members of the intake, shared by intake.c (the turn) and
 * intake_feeds.c (which sources there are).  For these two only.
 */
#ifndef PLAINTIFF_INTAKE_INSIDE_H
#define PLAINTIFF_INTAKE_INSIDE_H

#include "agent/detect.h"
#include "proto/base/buf.h"
#include "proto/wire.h"

struct agent_conf;
struct arena;
struct filter;
struct outbox;
struct source;

struct feed {
	struct source *source;
	struct detect *detect;
	struct buf memory; /* of detect, as of the last commit */
	struct buf saved;  /* as of the commit under way */
	bool ended;
	bool matched;      /* a pattern named it */
	int64_t gone_ms;   /* matched: nothing is left of it since; 0: is */
};

struct intake {
	const struct agent_conf *conf;
	struct outbox *outbox;
	struct detect_options detect;
	char host[256]; /* ours, for lines that name none */
	struct filter *filter;
	struct arena *arena;      /* one line */
	struct arena *names;      /* one look at the patterns */
	struct feed *feeds;
	size_t count, room, next; /* next: whose turn is first */
	int64_t look_ms;          /* patterns are looked at again then */
	bool looked;              /* they were, once */
	bool too_many;            /* was logged */
	struct wire_counters more;/* since the last commit */
	uint64_t counted;         /* events counted only, this time */
	int64_t committed_ms;
	int64_t now_us;           /* when what is taken now was read */
};

/* NULL when the zone is gone (logged). */
struct detect *intake_feeds_detect(const struct intake *t, const char *source,
    const struct buf *memory);
/* Opens all sources of the settings; takes over those of before. */
void intake_feeds_open(struct intake *t, struct intake *before);
/* Files that patterns name since; drops those that are gone.  Nothing may be
 * owed when a source is dropped, so call it between turns. */
void intake_feeds_look(struct intake *t);
/* Opens all files again, at the places of another outbox. */
void intake_feeds_again(struct intake *t);
void intake_feeds_close(struct intake *t);

#endif
