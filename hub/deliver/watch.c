/* Mails whose fate the relay's log tells; see watch.h. */
#include "hub/deliver/watch.h"

#include <stdio.h>
#include <string.h>

#include "hub/conf.h"
#include "hub/deliver/relay_log.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

enum {
	SOON_MS = 1000,
	LATE_MS = 10 * 60 * 1000,
	DAY_MS = 24 * 60 * 60 * 1000,
	SHARE = 20, /* of the time goes into reading, at most */
	MARK_AGAIN_MS = 5000,
};

const char *
watch_place(struct watch *w, const struct hub_conf *conf, struct arena *a)
{
	const char *place, *why;

	if (conf->deliver_log[0] == '\0')
		return NULL;
	place = relay_log_place(conf->deliver_log, a, &why);
	if (place == NULL && !w->failed_logged)
		log_warning("cannot read deliver.log %s", why);
	w->failed_logged = place == NULL;
	return place;
}

bool
watch_is_due(const struct watch *w, const struct hub_conf *conf)
{
	return conf->deliver_log[0] != '\0' && clock_mono_ms() >= w->next_ms;
}

/* How long its try had been over when the mark was set. */
static bool
is_behind(const struct watch *w, const struct hub_conf *conf,
    const struct watch_mail *m)
{
	return w->mark_ms != 0 && m->age_ms - (clock_mono_ms() - w->mark_ms) >=
	    1000 * conf->deliver_lost_after;
}

bool
watch_marks(struct watch *w, const struct hub_conf *conf,
    const struct watch_mail *mails, size_t n)
{
	struct arena *a;
	const char *place;
	bool wanted = false;

	for (size_t i = 0; i < n; i++)
		wanted |= mails[i].log_from != NULL && !is_behind(w, conf,
		    &mails[i]) &&
		    mails[i].age_ms >= 1000 * conf->deliver_lost_after;
	if (!wanted || (w->mark_ms != 0 &&
	        clock_mono_ms() - w->mark_ms < MARK_AGAIN_MS))
		return false;
	a = arena_open(0);
	place = watch_place(w, conf, a);
	if (place != NULL) {
		(void)snprintf(w->mark, sizeof w->mark, "%s", place);
		w->mark_ms = clock_mono_ms();
	}
	arena_close(a);
	return place != NULL;
}

static void
on_line(void *ctx, struct text line)
{
	receipt_book_line(ctx, line);
}

static void
on_mark(void *ctx)
{
	receipt_book_mark(ctx);
}

/* When to look again. */
static void
pace(struct watch *w, int64_t took_ms, const struct watch_mail *mails,
    size_t n)
{
	int64_t wait_ms = SHARE * took_ms, youngest = DAY_MS;

	for (size_t i = 0; i < n; i++)
		if (mails[i].age_ms < youngest)
			youngest = mails[i].age_ms;
	if (wait_ms < SOON_MS)
		wait_ms = SOON_MS;
	/* what a day has not shown is a person's to find */
	if (n != 0 && youngest == DAY_MS && wait_ms < LATE_MS)
		wait_ms = LATE_MS;
	w->next_ms = clock_mono_ms() + wait_ms;
}

void
watch_look(struct watch *w, const struct hub_conf *conf, struct arena *a,
    struct watch_mail *mails, size_t n)
{
	int64_t began_ms = clock_mono_ms();
	struct arena *pages = arena_open(0);
	struct relay_log_place *places = arena_array(pages, n + 1,
	    sizeof *places);
	const char **ids = arena_array(pages, n + 1, sizeof *ids);
	struct receipt_book *book;
	bool whole = true;

	for (size_t i = 0; i < n; i++) {
		ids[i] = mails[i].message_id;
		places[i].from = mails[i].log_from;
	}
	book = receipt_book_open(pages, ids, n);
	if (n != 0)
		whole = relay_log_read(conf->deliver_log, places, n,
		    w->mark_ms == 0 ? NULL : w->mark,
		    &(struct relay_log_reader){.line = on_line,
		        .mark = on_mark, .ctx = book}) == 0;
	for (size_t i = 0; i < n; i++) {
		struct text queue;

		mails[i].fate = receipt_book_fate(book, i, &queue);
		mails[i].queue = queue.n == 0
		    ? NULL
		    : arena_copy(a, queue.at, queue.n);
		if (mails[i].fate == RECEIPT_FATE_NOT_TAKEN &&
		    (!whole || places[i].lost ||
		        !is_behind(w, conf, &mails[i])))
			mails[i].fate = RECEIPT_FATE_UNKNOWN;
	}
	arena_close(pages);
	pace(w, clock_mono_ms() - began_ms, mails, n);
}
