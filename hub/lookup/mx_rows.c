/* Hosts that take the mail of contacts, in the database; see mx_rows.h. */
#include "hub/lookup/mx_rows.h"

#include "hub/conf.h"
#include "proto/base/arena.h"
#include "proto/base/text.h"

enum { ENTER_MOST = 5000 }; /* contacts in one step */

/* Domains of contacts that were not seen yet. */
static enum db_result
enter(struct db *db, struct arena *a)
{
	struct db_args *args = db_args_new(a);
	enum db_result r;

	db_arg_int(args, ENTER_MOST);
	r = db_run(db, "lookup_mx_enter", args, NULL);
	return r == DB_OK ? db_run(db, "lookup_mx_assign", args, NULL) : r;
}

enum db_result
mx_rows_claim(struct db *db, struct arena *a, int64_t lease_ms,
    struct mx_claims *out)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result r = enter(db, a);

	*out = (struct mx_claims){.ask = arena_alloc(a, sizeof *out->ask)};
	*out->ask = (struct ask_domains){.n = 0};
	if (r != DB_OK)
		return r;
	db_arg_int(args, ASK_DOMAINS_MOST);
	db_arg_int(args, lease_ms);
	r = db_run(db, "lookup_mx_claim", args, &rows);
	if (r != DB_OK)
		return r;
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		const char *domain = db_string(rows, i, 0);

		/* finder would take the question for no message */
		if (text_is_domain(domain, ASK_NAME_BYTES))
			out->ask->at[out->ask->n++] = arena_string(a, domain);
		out->lease_us = db_int(rows, i, 1);
	}
	db_rows_free(rows);
	return DB_OK;
}

/* The domains themselves. */
static enum db_result
record(struct db *db, struct arena *a, const struct hub_conf *conf,
    const struct mx_claims *claims, const struct ask_host *hosts)
{
	struct db_args *args = db_args_new(a);
	struct db_array *domains, *states, *names, *whys;

	db_arg_int(args, claims->lease_us);
	domains = db_arg_array(args);
	states = db_arg_array(args);
	names = db_arg_array(args);
	whys = db_arg_array(args);
	for (size_t i = 0; i < claims->ask->n; i++) {
		bool found = hosts[i].state == ASK_FOUND;
		bool failed = hosts[i].state == ASK_FAILED;

		db_array_text(domains, text_of(claims->ask->at[i]));
		db_array_text(states,
		    text_of(ask_state_name(hosts[i].state)));
		db_array_text(names, found ? text_of(hosts[i].host)
		                           : (struct text){0});
		db_array_text(whys, !failed ? (struct text){0}
		    : text_clean(a, hosts[i].why, ASK_WHY_BYTES));
	}
	db_arg_int(args, conf->lookup_mx_for);
	db_arg_int(args, conf->lookup_retry_first);
	db_arg_int(args, conf->lookup_retry_max);
	return db_run(db, "lookup_mx_record", args, NULL);
}

static enum db_result
follow(struct db *db, struct arena *a, const struct mx_claims *claims)
{
	struct db_args *args = db_args_new(a);
	struct db_array *domains = db_arg_array(args);

	for (size_t i = 0; i < claims->ask->n; i++)
		db_array_text(domains, text_of(claims->ask->at[i]));
	return db_run(db, "lookup_mx_contacts", args, NULL);
}

enum db_result
mx_rows_record(struct db *db, struct arena *a, const struct hub_conf *conf,
    const struct mx_claims *claims, const struct ask_host *hosts)
{
	enum db_result r = db_begin(db);

	if (r == DB_OK)
		r = record(db, a, conf, claims, hosts);
	if (r == DB_OK)
		r = follow(db, a, claims);
	return r == DB_OK ? db_commit(db) : r;
}

enum db_result
mx_rows_drop(struct db *db)
{
	return db_run(db, "lookup_mx_drop", NULL, NULL);
}
