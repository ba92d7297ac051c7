/* receive's statements; see receive_rows.h.  Storing a group:
 * receive_store.c. */
#include "hub/receive/receive_rows.h"

#include <string.h>

#include "hub/receive/agents.h"
#include "hub/receive/days.h"
#include "proto/wire.h"

enum db_result
receive_rows_agents(struct db *db, struct agents *into)
{
	struct db_rows *rows;
	enum db_result result = db_run(db, "receive_agents", NULL, &rows);
	int64_t last = 0;

	if (result != DB_OK)
		return result;
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		int64_t number = db_int(rows, i, 0);

		if (number != last)
			agents_add(into, (int32_t)number,
			    db_string(rows, i, 1), db_string(rows, i, 2));
		last = number;
		if (!db_is_null(rows, i, 3)) {
			struct addr own = db_addr(rows, i, 3);

			agents_add_own(into, &own);
		}
	}
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
receive_rows_days(struct db *db, struct days *event_days,
    struct days *evidence_days)
{
	struct db_rows *rows;
	enum db_result result = db_run(db, "receive_days", NULL, &rows);

	if (result != DB_OK)
		return result;
	memset(event_days, 0, sizeof *event_days);
	memset(evidence_days, 0, sizeof *evidence_days);
	for (size_t i = 0; i < db_rows_count(rows); i++)
		days_add(strcmp(db_string(rows, i, 0), "event") == 0
		        ? event_days
		        : evidence_days,
		    db_int(rows, i, 1));
	db_rows_free(rows);
	return DB_OK;
}

/* The row of an outbox; also for a hello (software, host) and for a batch
 * (its number). */
static enum db_result
put_counters(struct db *db, struct arena *a, const struct agent *agent,
    const struct wire_counters *c, const struct wire_hello *hello,
    uint64_t *last_batch)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result result;

	db_arg_int(args, agent->number);
	db_arg_bytes(args, c->outbox, sizeof c->outbox);
	db_arg_text(args, hello == NULL ? (struct text){0} : hello->software);
	db_arg_text(args, hello == NULL ? (struct text){0} : hello->host);
	db_arg_int(args, (int64_t)*last_batch);
	db_arg_int(args, (int64_t)c->lines);
	db_arg_int(args, (int64_t)c->ignored);
	db_arg_int(args, (int64_t)c->unparsable);
	db_arg_int(args, (int64_t)c->unreportable);
	db_arg_int(args, (int64_t)c->emitted);
	db_arg_int(args, (int64_t)c->repeated);
	db_arg_int(args, (int64_t)c->unacked);
	db_arg_int(args, (int64_t)c->gaps);
	db_arg_int(args, (int64_t)c->withheld);
	result = db_run(db, "receive_counters", args, &rows);
	if (result != DB_OK)
		return result;
	*last_batch = (uint64_t)db_int(rows, 0, 0);
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
receive_rows_counters(struct db *db, struct arena *a,
    const struct agent *agent, const struct wire_counters *counters)
{
	uint64_t last_batch = 0;

	return put_counters(db, a, agent, counters, NULL, &last_batch);
}

enum db_result
receive_rows_batch(struct db *db, struct arena *a, const struct agent *agent,
    const struct wire_batch *batch)
{
	struct wire_counters c = batch->counters;
	uint64_t last_batch = batch->batch;

	/* it was unacked when it was sent, and is not once this commits */
	c.unacked = c.unacked > batch->count ? c.unacked - batch->count : 0;
	return put_counters(db, a, agent, &c, NULL, &last_batch);
}

enum db_result
receive_rows_hello(struct db *db, struct arena *a, const struct agent *agent,
    const struct wire_hello *hello, bool *changed, uint64_t *last_batch)
{
	struct db_args *args = db_args_new(a);
	struct db_array *own;
	struct db_rows *rows;
	enum db_result result = db_begin(db);

	*last_batch = 0;
	if (result != DB_OK)
		return result;
	result = put_counters(db, a, agent, &hello->counters, hello,
	    last_batch);
	if (result != DB_OK)
		return result;
	db_arg_int(args, agent->number);
	own = db_arg_array(args);
	for (size_t i = 0; i < hello->address_count; i++)
		db_array_addr(own, &hello->addresses[i]);
	result = db_run(db, "receive_own", args, &rows);
	if (result != DB_OK)
		return result;
	*changed = db_int(rows, 0, 0) != 0;
	db_rows_free(rows);
	return db_commit(db);
}

enum db_result
receive_rows_last_batch(struct db *db, struct arena *a, int32_t agent,
    const uint8_t *outbox, uint64_t *last_batch)
{
	struct db_args *args = db_args_new(a);
	struct db_rows *rows;
	enum db_result result;

	*last_batch = 0;
	db_arg_int(args, agent);
	db_arg_bytes(args, outbox, WIRE_OUTBOX_BYTES);
	result = db_run(db, "receive_last_batch", args, &rows);
	if (result != DB_OK)
		return result;
	if (db_rows_count(rows) != 0)
		*last_batch = (uint64_t)db_int(rows, 0, 0);
	db_rows_free(rows);
	return DB_OK;
}

enum db_result
receive_rows_malformed(struct db *db, struct arena *a,
    const struct agent *agent, uint64_t batch, size_t events, const char *why)
{
	struct db_args *args = db_args_new(a);

	db_arg_int(args, agent->number);
	db_arg_int(args, (int64_t)batch);
	db_arg_int(args, (int64_t)events);
	db_arg_string(args, why);
	return db_run(db, "receive_malformed", args, NULL);
}

enum db_result
receive_rows_notify(struct db *db)
{
	return db_run(db, "receive_notify", NULL, NULL);
}
