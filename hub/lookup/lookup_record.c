/* Recording of what lookup has found out; see lookup_record.h. */
#include "hub/lookup/lookup_record.h"

#include <string.h>

#include "hub/lookup/ask.h"
#include "hub/lookup/case.h"
#include "hub/lookup/range.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

enum { SAID_BYTES = 1000 };

/* ---- columns ---- */

static void
add_number(struct db_array *array, int64_t v, bool known)
{
	if (known)
		db_array_int(array, v);
	else
		db_array_null(array);
}

static void
add_country(struct db_array *array, const char *country)
{
	db_array_text(array, country[0] == '\0' ? (struct text){0}
	                                        : text_of(country));
}

/* No mailbox holds a comma, so that it can separate them. */
static struct text
joined(struct arena *a, const struct ask_answer *answer)
{
	struct buf b = {0};
	struct text t;

	for (size_t i = 0; i < answer->mailboxes_n; i++) {
		if (i != 0)
			buf_putc(&b, ',');
		buf_add(&b, answer->mailboxes[i].at, answer->mailboxes[i].n);
	}
	t = (struct text){.at = arena_copy(a, b.n == 0 ? "" : b.data, b.n),
	    .n = b.n};
	t = text_clean(a, t, ASK_MESSAGE_BYTES);
	buf_free(&b);
	return t;
}

static struct text
why_of(struct arena *a, const struct settle_said *s)
{
	return text_clean(a,
	    s->why != NULL ? text_of(s->why) : s->answer->why, SAID_BYTES);
}

static void
columns(struct db_args *args, struct db_array **column, size_t n)
{
	for (size_t i = 0; i < n; i++)
		column[i] = db_arg_array(args);
}

/* ---- registered ranges ---- */

/* An answer for a range that was given just now. */
static bool
has_network(const struct settle_said *s)
{
	return strcmp(s->method, "rdap") == 0 &&
	    s->answer->network.first.family != 0 &&
	    s->answer->state != ASK_FAILED;
}

static bool
is_range(const struct ask_network *w, const struct addr *first,
    const struct addr *last)
{
	return addr_equal(&w->first, first) && addr_equal(&w->last, last);
}

/* Each range once: the first answer for it. */
static size_t
networks_of(struct lookup_case *const *cases, size_t n,
    struct settle_said **out)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < cases[i]->said_n; j++) {
			struct settle_said *s = &cases[i]->said[j];
			size_t k = 0;

			if (!has_network(s))
				continue;
			while (k < count &&
			    !is_range(&out[k]->answer->network,
			        &s->answer->network.first,
			        &s->answer->network.last))
				k++;
			if (k == count)
				out[count++] = s;
		}
	return count;
}

static enum db_result
insert_networks(struct db *db, struct arena *a, struct settle_said **list,
    size_t n, struct db_rows **rows)
{
	struct db_args *args = db_args_new(a);
	struct db_array *column[10];

	columns(args, column, 10);
	for (size_t i = 0; i < n; i++) {
		const struct ask_answer *answer = list[i]->answer;
		const struct ask_network *w = &answer->network;

		db_array_addr(column[0], &w->first);
		db_array_addr(column[1], &w->last);
		db_array_text(column[2],
		    text_clean(a, w->handle, ASK_HANDLE_BYTES));
		add_country(column[3], w->country);
		db_array_text(column[4], text_of(ask_state_name(
		    answer->state)));
		db_array_text(column[5], joined(a, answer));
		db_array_text(column[6],
		    text_clean(a, answer->said, SAID_BYTES));
		db_array_text(column[7],
		    text_clean(a, answer->why, SAID_BYTES));
		db_array_int(column[8], list[i]->fresh_s);
		add_number(column[9], w->asn, w->asn != 0);
	}
	return db_run(db, "lookup_networks", args, rows);
}

static enum db_result
insert_pieces(struct db *db, struct arena *a, const struct db_rows *rows)
{
	struct db_args *args = db_args_new(a);
	struct db_array *networks = db_arg_array(args);
	struct db_array *texts = db_arg_array(args);

	for (size_t i = 0; i < db_rows_count(rows); i++) {
		struct addr first = db_addr(rows, i, 1);
		struct addr last = db_addr(rows, i, 2);
		struct prefixes pieces = {0};

		range_pieces(a, &first, &last, &pieces);
		for (size_t j = 0; j < pieces.n; j++) {
			char text[ADDR_TEXT_BYTES];

			db_array_int(networks, db_int(rows, i, 0));
			db_array_text(texts, text_of(arena_string(a,
			    prefix_format(text, &pieces.at[j]))));
		}
	}
	return db_run(db, "lookup_pieces", args, NULL);
}

/* Tells each answer which row its range is. */
static void
note_networks(struct lookup_case *const *cases, size_t n,
    const struct db_rows *rows)
{
	for (size_t r = 0; r < db_rows_count(rows); r++) {
		struct addr first = db_addr(rows, r, 1);
		struct addr last = db_addr(rows, r, 2);

		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < cases[i]->said_n; j++)
				if (has_network(&cases[i]->said[j]) &&
				    is_range(&cases[i]->said[j].answer->network,
				        &first, &last))
					cases[i]->said[j].network =
					    db_int(rows, r, 0);
	}
}

static enum db_result
add_networks(struct db *db, struct arena *a, struct lookup_case *const *cases,
    size_t n)
{
	struct settle_said **list = arena_array(a, n * CASE_SAID_MOST + 1,
	    sizeof(void *));
	size_t count = networks_of(cases, n, list);
	struct db_rows *rows;
	enum db_result r;

	if (count == 0)
		return DB_OK;
	r = insert_networks(db, a, list, count, &rows);
	if (r != DB_OK)
		return r;
	note_networks(cases, n, rows);
	r = insert_pieces(db, a, rows);
	db_rows_free(rows);
	return r;
}

/* Servers that want to be left alone, so that every lookup knows. */
static enum db_result
add_servers(struct db *db, struct arena *a, struct lookup_case *const *cases,
    size_t n)
{
	struct db_args *args = db_args_new(a);
	struct db_array *servers = db_arg_array(args);
	struct db_array *seconds = db_arg_array(args);
	bool any = false;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < cases[i]->said_n; j++) {
			const struct settle_said *s = &cases[i]->said[j];

			/* later_s of the case: it was not asked at all */
			if (s->answer->later_s == 0 || cases[i]->later_s != 0 ||
			    cases[i]->base == NULL)
				continue;
			any = true;
			db_array_text(servers, text_of(cases[i]->base));
			db_array_int(seconds, s->answer->later_s);
		}
	return any ? db_run(db, "lookup_servers", args, NULL) : DB_OK;
}

/* ---- contacts and addresses ---- */

static enum db_result
add_contacts(struct db *db, struct arena *a, struct lookup_case *const *cases,
    size_t n, bool *any)
{
	struct db_args *args = db_args_new(a);
	struct db_array *keys = db_arg_array(args);
	struct db_array *mailboxes = db_arg_array(args);

	*any = false;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < cases[i]->said_n; j++) {
			const struct settle_said *s = &cases[i]->said[j];

			if (s->key == NULL)
				continue;
			*any = true;
			db_array_text(keys, text_of(s->key));
			db_array_text(mailboxes, text_of(s->mailbox));
		}
	return *any ? db_run(db, "lookup_contacts", args, NULL) : DB_OK;
}

static int64_t
network_of(const struct lookup_case *k)
{
	for (size_t i = k->said_n; i-- > 0;)
		if (k->said[i].network != 0)
			return k->said[i].network;
	return 0;
}

/* By who announces it, else by its registered range. */
static const char *
country_of(const struct lookup_case *k)
{
	if (k->origin != NULL && k->origin->country[0] != '\0')
		return k->origin->country;
	for (size_t i = k->said_n; i-- > 0;)
		if (k->said[i].answer->network.country[0] != '\0')
			return k->said[i].answer->network.country;
	return "";
}

/* By who announces it, else as registered; 0: not known. */
static uint32_t
asn_of(const struct lookup_case *k)
{
	if (k->origin != NULL && k->origin->known)
		return k->origin->asn;
	for (size_t i = k->said_n; i-- > 0;)
		if (k->said[i].answer->network.asn != 0)
			return k->said[i].answer->network.asn;
	return 0;
}

static void
add_origin(struct arena *a, const struct lookup_case *k,
    struct db_array **column)
{
	bool known = k->origin != NULL && k->origin->known;
	char text[ADDR_TEXT_BYTES];

	add_number(column[0], asn_of(k), asn_of(k) != 0);
	db_array_text(column[1], !known ? (struct text){0}
	    : text_of(arena_string(a, prefix_format(text,
	          &k->origin->route))));
	add_country(column[2], country_of(k));
}

/* The columns of lookup_record, behind $1. */
static void
add_cases(struct db_args *args, struct arena *a,
    struct lookup_case *const *cases, size_t n)
{
	struct db_array *column[14];

	columns(args, column, 14);
	for (size_t i = 0; i < n; i++) {
		const struct lookup_case *k = cases[i];
		const struct settle_after *after = &k->after;
		const struct settle_said *by = after->by;
		int64_t network = network_of(k);

		db_array_addr(column[0], &k->address);
		db_array_text(column[1],
		    by == NULL ? (struct text){0} : text_of(by->key));
		db_array_text(column[2], text_of(after->state));
		db_array_int(column[3], after->kept);
		add_number(column[4], by == NULL ? 0 : by->asked_us,
		    by != NULL && by->asked_us != 0);
		add_number(column[5], after->fresh_s, after->fresh_s >= 0);
		db_array_int(column[6], after->stale_s);
		add_number(column[7], after->next_s,
		    !k->parked && after->next_s >= 0);
		db_array_int(column[8], after->tries);
		add_number(column[9], network, network != 0);
		add_origin(a, k, &column[10]);
		db_array_text(column[13],
		    by == NULL ? (struct text){0} : text_of(by->method));
	}
}

/* What the sources said of those that were settled (indices from 1). */
static enum db_result
add_answers(struct db *db, struct arena *a, struct lookup_case *const *cases,
    const struct db_rows *settled)
{
	struct db_args *args = db_args_new(a);
	struct db_array *column[10];

	columns(args, column, 10);
	for (size_t i = 0; i < db_rows_count(settled); i++) {
		const struct lookup_case *k =
		    cases[db_int(settled, i, 0) - 1];

		for (size_t j = 0; j < k->said_n; j++) {
			const struct settle_said *s = &k->said[j];

			db_array_addr(column[0], &k->address);
			db_array_text(column[1], text_of(s->method));
			db_array_text(column[2], text_of(s->state));
			db_array_text(column[3], text_of(s->key));
			db_array_text(column[4], joined(a, s->answer));
			db_array_text(column[5],
			    text_clean(a, s->answer->said, SAID_BYTES));
			db_array_text(column[6], why_of(a, s));
			add_number(column[7], s->asked_us, s->asked_us != 0);
			add_number(column[8], s->fresh_s, s->fresh_s >= 0);
			add_number(column[9], s->network, s->network != 0);
		}
	}
	return db_run(db, "lookup_answers", args, NULL);
}

enum db_result
lookup_record(struct db *db, struct arena *a, int64_t lease_us,
    struct lookup_case *const *cases, size_t n, size_t *recorded)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *settled;
	bool any = false;
	enum db_result r = db_begin(db);

	*recorded = 0;
	if (r == DB_OK)
		r = add_networks(db, a, cases, n);
	if (r == DB_OK)
		r = add_servers(db, a, cases, n);
	if (r == DB_OK)
		r = add_contacts(db, a, cases, n, &any);
	if (r != DB_OK)
		return r;
	db_arg_int(args, lease_us);
	add_cases(args, a, cases, n);
	r = db_run(db, "lookup_record", args, &settled);
	if (r != DB_OK)
		return r;
	*recorded = db_rows_count(settled);
	r = add_answers(db, a, cases, settled);
	db_rows_free(settled);
	if (r == DB_OK && any)
		r = db_run(db, "lookup_notify", NULL, NULL);
	return r == DB_OK ? db_commit(db) : r;
}
