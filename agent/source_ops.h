/*
 * What each kind of source must do; source.c passes the calls on.  Included
 * by source_*.c only.
 */
#ifndef PLAINTIFF_SOURCE_OPS_H
#define PLAINTIFF_SOURCE_OPS_H

#include "agent/source.h"

struct source_ops {
	enum source_result (*next)(struct source *s, struct text *line);
	bool (*place)(const struct source *s, struct source_place *out);
	bool (*has_moved)(const struct source *s);
	void (*commit)(struct source *s);
	void (*rewind)(struct source *s);
	int (*fd)(const struct source *s);
	int64_t (*bound_us)(const struct source *s);
	const char *(*name)(const struct source *s);
	void (*close)(struct source *s);
	/* NULL: never, and none */
	struct text (*ahead)(const struct source *s);
	void (*take)(struct source *s, size_t n);
	unsigned (*losses)(const struct source *s);
	bool (*is_endangered)(struct source *s);
	bool (*is_gone)(const struct source *s, bool *unread);
	void (*set_grace)(struct source *s, int64_t grace_ms);
};

/* The first member of each kind's struct. */
struct source {
	const struct source_ops *ops;
};

#endif
