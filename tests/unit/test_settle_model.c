/* Protects the accused against any mix of failures, expiries and stale limits:
 * an address carries only a contact that a fresh answer gave for it or its
 * range.  A generator drives case and settle as lookup does; a naive model
 * remembers every answer.  Seeded defects show that the model sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/conf.h"
#include "hub/lookup/ask.h"
#include "hub/lookup/case.h"
#include "hub/lookup/refusal.h"
#include "hub/lookup/settle.h"
#include "proto/base/arena.h"

enum {
	ADDRESSES = 100000,
	A_RANGE = 25, /* addresses of one registered range */
	ROUNDS = 20,
	TOLD_MOST = 2 * ROUNDS,
	KEY_BYTES = 40,
	HOUR_S = 3600,
	DAY_S = 86400,
};

/* Defects that others had, or that one could make. */
enum defect {
	NO_DEFECT,
	NEIGHBOURS,  /* a failure gives the contact of the address before */
	NO_END,      /* each failure gives another stale_for */
	KEPT_ALWAYS, /* even if its own source says something else */
	LONG_LIVED,  /* found_max is forgotten */
	RENEWED,     /* a range's answer begins anew with each use */
	OTHER_RANGE, /* an answer for the range beside it */
	DEFECTS
};

/* What an address was told; kept by the model. */
struct told {
	int64_t at_s, until_s; /* until: of one that names a contact */
	bool by_zone;          /* else by RDAP, whether asked now or before */
	bool failed;
	char key[KEY_BYTES];   /* "": no contact */
};

/* The row of an address, as lookup_record makes it. */
struct row {
	bool found;
	char key[KEY_BYTES];
	const char *method;
	int64_t fresh_until_s, next_s, tries;
	struct told told[TOLD_MOST];
	size_t told_n;
};

/* The last answer for a range. */
struct range {
	bool there;
	struct ask_answer answer;
	int64_t at_s, until_s;
	char key[KEY_BYTES]; /* as the model knows it */
};

struct world {
	struct arena *arena;
	uint64_t random;
	unsigned serial;
	enum defect defect;
	struct hub_conf conf;
	struct row rows[A_RANGE];
	struct range range, beside;
	int64_t now_s;
	unsigned long checks, carried, stale, wrong, lost;
};

static const struct refusal refusals[] = {
    {"@ripe.net", "mailbox of a registry"}};
static const struct refusal dead[] = {
    {"dead@isp.example", "mail to this mailbox comes back"}};
static const struct settle_rules rules = {.refusals = refusals,
    .refusals_n = 1, .suspended = dead, .suspended_n = 1};

static unsigned
pick(struct world *w, unsigned n)
{
	uint64_t z = w->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ (z >> 31)) % n);
}

/* ---- answers ---- */

/* Mailboxes in an answer, some of them not to be mailed; the key of the first
 * good one, which no other answer has, goes to key. */
static void
make_mailboxes(struct world *w, struct ask_answer *answer,
    char key[KEY_BYTES])
{
	static const char *const bad[] = {"x@ripe.net", "Dead+1@isp.example",
	    "abuse@ours.example", "abuse@localhost", "no mailbox",
	    "a@isp.example\r\nBcc: b@isp.example"};
	size_t n = 1 + pick(w, 3);

	key[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		const char *m = bad[pick(w, sizeof bad / sizeof bad[0])];

		if (pick(w, 4) != 0) {
			m = arena_printf(w->arena, "A%u@ISP.example",
			    ++w->serial);
			if (key[0] == '\0')
				(void)snprintf(key, KEY_BYTES,
				    "a%u@isp.example", w->serial);
		}
		answer->mailboxes[answer->mailboxes_n++] = text_of(m);
	}
}

/* One source's answer. */
static struct ask_answer *
make_answer(struct world *w, enum ask_method method, char key[KEY_BYTES])
{
	static const uint32_t ttls[] = {0, 60, HOUR_S, 2 * DAY_S, 40 * DAY_S,
	    UINT32_MAX};
	struct ask_answer *out = arena_alloc(w->arena, sizeof *out);

	*out = (struct ask_answer){.method = method};
	key[0] = '\0';
	switch (pick(w, 8)) {
	case 0:
		out->state = ASK_NONE;
		return out;
	case 1:
		out->state = ASK_REFUSED;
		return out;
	case 2:
	case 3:
	case 4:
		out->state = ASK_FAILED;
		if (pick(w, 4) == 0)
			out->later_s = pick(w, 2 * DAY_S);
		return out;
	default:
		out->state = ASK_FOUND;
		if (method == ASK_ABUSIX)
			out->ttl_s = ttls[pick(w, 6)];
		make_mailboxes(w, out, key);
		return out;
	}
}

/* How long it holds, in the model's words. */
static int64_t
life_s(const struct world *w, const struct ask_answer *answer)
{
	int64_t s = answer->method == ASK_RDAP ? w->conf.lookup_range_for
	                                       : answer->ttl_s;

	if (s < w->conf.lookup_found_min)
		s = w->conf.lookup_found_min;
	if (s > w->conf.lookup_found_max)
		s = w->conf.lookup_found_max;
	return s;
}

static void
remember(const struct world *w, struct row *row, bool by_zone, bool failed,
    const char *key, int64_t until_s)
{
	struct told *t = &row->told[row->told_n++];

	*t = (struct told){.at_s = w->now_s, .until_s = until_s,
	    .by_zone = by_zone, .failed = failed};
	(void)snprintf(t->key, sizeof t->key, "%s", key);
}

/* ---- the sources, as lookup asks them ---- */

static void
ask_zone(struct world *w, struct row *row, struct lookup_case *k)
{
	char key[KEY_BYTES];
	struct ask_answer *answer = make_answer(w, ASK_ABUSIX, key);

	(void)case_said(k, "abusix", answer);
	case_judge(w->arena, &w->conf, &rules, k);
	remember(w, row, true, answer->state == ASK_FAILED, key,
	    w->now_s + life_s(w, answer));
}

/* A fresh answer for the range is taken in place of a question. */
static bool
use_range(struct world *w, struct row *row, struct lookup_case *k)
{
	const struct range *r = w->defect == OTHER_RANGE && pick(w, 20) == 0
	    ? &w->beside : &w->range;
	struct settle_said *said;

	if (!r->there || r->until_s <= w->now_s)
		return false;
	said = case_said(k, "range", &r->answer);
	said->asked_us = r->at_s * 1000000;
	said->left_s = w->defect == RENEWED ? -1 : r->until_s - w->now_s;
	case_judge(w->arena, &w->conf, &rules, k);
	remember(w, row, false, false,
	    r == &w->range ? r->key : "", w->range.until_s);
	return true;
}

static void
ask_rdap(struct world *w, struct row *row, struct lookup_case *k)
{
	struct range *r = &w->range;
	char key[KEY_BYTES];
	struct ask_answer *answer = make_answer(w, ASK_RDAP, key);

	(void)case_said(k, "rdap", answer);
	case_judge(w->arena, &w->conf, &rules, k);
	remember(w, row, false, answer->state == ASK_FAILED, key,
	    w->now_s + life_s(w, answer));
	if (answer->state == ASK_FAILED)
		return;
	*r = (struct range){.there = true, .answer = *answer,
	    .at_s = w->now_s,
	    .until_s = w->now_s + (answer->state == ASK_NONE
	        ? w->conf.lookup_none_for : life_s(w, answer))};
	(void)snprintf(r->key, sizeof r->key, "%s", key);
}

/* ---- what becomes of the row: as lookup_record says it in SQL ---- */

static void
record(struct world *w, struct row *row, const struct settle_after *after)
{
	row->tries = after->tries;
	row->next_s = w->now_s + after->next_s;
	if (after->kept) {
		row->fresh_until_s += after->stale_s;
		return;
	}
	row->found = strcmp(after->state, "found") == 0;
	row->method = after->by == NULL ? "" : after->by->method;
	row->fresh_until_s = after->fresh_s < 0 ? 0
	                                        : w->now_s + after->fresh_s;
	(void)snprintf(row->key, sizeof row->key, "%s",
	    row->found ? after->by->key : "");
}

/* Records it, with those defects that are in what settle says. */
static void
spoil(struct world *w, struct row *row, struct settle_after *after)
{
	const struct row *before = row == w->rows ? row : row - 1;
	bool failed = strcmp(after->state, "failed") == 0;

	if (w->defect == KEPT_ALWAYS && failed && row->found)
		after->kept = row->fresh_until_s > w->now_s;
	if (w->defect == LONG_LIVED && after->by != NULL &&
	    strcmp(after->state, "found") == 0)
		after->fresh_s = after->by->answer->ttl_s;
	record(w, row, after);
	if (w->defect == NEIGHBOURS && failed && !after->kept &&
	    before->found) {
		row->found = true;
		row->fresh_until_s = before->fresh_until_s;
		(void)snprintf(row->key, sizeof row->key, "%s", before->key);
	}
}

static void
look_up(struct world *w, struct row *row)
{
	struct lookup_case k = {.before = {.found = row->found,
	    .method = row->method, .tries = row->tries,
	    .now_us = w->now_s * 1000000,
	    .fresh_until_us = row->fresh_until_s * 1000000}};

	ask_zone(w, row, &k);
	if (case_wants_rdap(&k) && !use_range(w, row, &k))
		ask_rdap(w, row, &k);
	if (w->defect == NO_END)
		k.before.tries = 0;
	settle(&w->conf, &k.before, k.said, k.said_n, &k.after);
	spoil(w, row, &k.after);
}

/* ---- the model ---- */

/* Does what this address was told make key its contact at t_s? */
static bool
is_allowed(const struct world *w, const struct row *row, const char *key,
    int64_t t_s, bool *stale)
{
	for (size_t i = 0; i < row->told_n; i++) {
		const struct told *t = &row->told[i];
		bool superseded = false, failed = false;

		for (size_t j = i + 1; j < row->told_n; j++) {
			const struct told *later = &row->told[j];

			failed = failed || later->failed;
			superseded = superseded || (!later->failed &&
			    later->by_zone == t->by_zone);
		}
		if (superseded || strcmp(t->key, key) != 0)
			continue;
		*stale = t_s >= t->until_s;
		if (t_s < t->until_s +
		        (failed ? w->conf.lookup_stale_for : 0))
			return true;
	}
	return false;
}

/* Told just now whom to mail, by the zone: then that is the contact. */
static bool
is_lost(const struct world *w, const struct row *row)
{
	for (size_t i = row->told_n; i-- > 0;) {
		const struct told *t = &row->told[i];

		if (t->at_s != w->now_s)
			return false;
		if (t->by_zone && t->key[0] != '\0')
			return !row->found || strcmp(row->key, t->key) != 0;
	}
	return false;
}

static void
check(struct world *w, const struct row *row, int64_t t_s)
{
	bool stale = false;

	w->checks++;
	if (!row->found || row->fresh_until_s <= t_s)
		return;
	w->carried++;
	if (!is_allowed(w, row, row->key, t_s, &stale))
		w->wrong++;
	w->stale += stale;
}

/* ---- the generator ---- */

static void
make_settings(struct world *w)
{
	static const int stale[] = {0, HOUR_S, 5 * DAY_S, 60 * DAY_S};

	w->conf = (struct hub_conf){.lookup_found_min = 60 + pick(w, DAY_S),
	    .lookup_found_max = 60 + pick(w, 30 * DAY_S),
	    .lookup_none_for = 60 + pick(w, DAY_S),
	    .lookup_range_for = 60 + pick(w, 7 * DAY_S),
	    .lookup_stale_for = stale[pick(w, 4)],
	    .lookup_retry_first = 1 + pick(w, HOUR_S),
	    .lookup_retry_max = 1 + pick(w, DAY_S),
	    .report_from = "abuse-report@ours.example", .hub_domain = ""};
}

static void
step_time(struct world *w)
{
	static const unsigned most_s[] = {60, HOUR_S, DAY_S, 10 * DAY_S};

	w->now_s += 1 + pick(w, most_s[pick(w, 4)]);
}

static void
run_range(struct world *w)
{
	w->beside = w->range;
	w->range = (struct range){.there = false};
	for (size_t i = 0; i < A_RANGE; i++)
		w->rows[i] = (struct row){.method = ""};
	make_settings(w);
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < A_RANGE; i++) {
			struct row *row = &w->rows[i];

			/* due, or asked by hand */
			if (row->next_s > w->now_s && pick(w, 10) != 0)
				continue;
			look_up(w, row);
			w->lost += is_lost(w, row);
			check(w, row, w->now_s);
		}
		step_time(w);
		for (size_t i = 0; i < A_RANGE; i++)
			check(w, &w->rows[i], w->now_s);
	}
}

static struct world *
run(enum defect defect, unsigned addresses)
{
	struct arena *scratch = arena_open(0), *beside = arena_open(0);
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	w->defect = defect;
	w->now_s = INT64_C(1800000000);
	for (unsigned i = 0; i < addresses; i += A_RANGE) {
		struct arena *swap = scratch;

		/* what is beside a range was made in the run before it */
		scratch = beside;
		beside = swap;
		arena_reset(scratch);
		w->arena = scratch;
		run_range(w);
	}
	arena_close(scratch);
	arena_close(beside);
	return w;
}

static void
test_only_what_a_fresh_answer_gave(void **state)
{
	struct world *w = run(NO_DEFECT, ADDRESSES);

	(void)state;
	print_message("addresses %d checks %lu carried %lu stale %lu wrong "
	              "%lu lost %lu\n", ADDRESSES, w->checks, w->carried,
	    w->stale, w->wrong, w->lost);
	assert_int_equal(w->wrong, 0);
	assert_int_equal(w->lost, 0);
	/* it saw what it is about */
	assert_true(w->carried > w->checks / 10);
	assert_true(w->stale > w->carried / 100);
	free(w);
}

static void
test_the_model_sees_defects(void **state)
{
	(void)state;
	for (enum defect d = NEIGHBOURS; d < DEFECTS; d++) {
		struct world *w = run(d, ADDRESSES / 20);

		print_message("defect %d: wrong %lu of %lu\n", (int)d,
		    w->wrong, w->carried);
		assert_true(w->wrong > 0);
		free(w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_only_what_a_fresh_answer_gave),
	    cmocka_unit_test(test_the_model_sees_defects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
