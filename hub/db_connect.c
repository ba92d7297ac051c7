/*
 * Reaching a PostgreSQL server, but not for ever; see db_connect.h.  libpq
 * itself limits the wait for each of several hosts only where it blocks, and
 * in whole seconds from two upwards: so each host is tried by itself here,
 * with a clock of ours.
 */
#include "hub/db_connect.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "hub/conf.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"

enum { HOSTS = 16, HOST_LEAST_MS = 200 };

/* How long a stage waits; agents wait for receive, so it does not wait long
 * and tells them to come again (db_set_patience for a server that is slow). */
static const struct db_patience patiences[] = {
    {"receive", 1600, 1500, "SET lock_timeout = '1s'"},
    /* decides over everything at once: for that a sort may take some memory,
     * and its statements are planned once */
    {"report", 5000, 310000, "SET lock_timeout = '2s';"
        "SET statement_timeout = '5min'; SET work_mem = '64MB';"
        "SET jit = off; SET plan_cache_mode = force_generic_plan"},
    /* the same few statements again and again, each by keys: planned once,
     * for tables that may grow before anybody counts them anew */
    {"deliver", 5000, 15000, "SET lock_timeout = '2s'; SET jit = off;"
        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off"},
    /* people may ask for what takes long, and can stop it */
    {"ctl", 5000, 24 * 3600 * 1000, "SET lock_timeout = '2s';"
        "SET statement_timeout = 0; SET jit = off"},
    {"owner", 5000, 24 * 3600 * 1000, "SET lock_timeout = '2s'"},
    /* longer than statement_timeout, which ends what merely takes long */
    {NULL, 5000, 15000, "SET lock_timeout = '2s'"},
};

/* What stands in each place of libpq's lists; NULL: as the string says. */
struct place {
	const char *host, *hostaddr, *port;
};

/* Item n of a list with commas; the only item of a list of one. */
static const char *
item(struct arena *a, const char *list, size_t n)
{
	const char *end;

	if (list == NULL || list[0] == '\0' ||
	    (n > 0 && strchr(list, ',') == NULL))
		return list;
	for (; n > 0 && list != NULL; n--) {
		list = strchr(list, ',');
		list = list == NULL ? NULL : list + 1;
	}
	if (list == NULL)
		return NULL;
	end = strchr(list, ',');
	return end == NULL ? list : arena_copy(a, list, (size_t)(end - list));
}

static size_t
items(const char *list)
{
	size_t n = 1;

	for (; list != NULL && *list != '\0'; list++)
		n += *list == ',';
	return n;
}

static const char *
value_of(struct arena *a, const PQconninfoOption *all, const char *key)
{
	for (; all != NULL && all->keyword != NULL; all++)
		if (strcmp(all->keyword, key) == 0 && all->val != NULL)
			return arena_string(a, all->val);
	return NULL;
}

/* The hosts of a connection string; one place of NULLs where there is but
 * one, or where libpq's own reading is better (an empty name in the list). */
static size_t
places_of(struct arena *a, const char *connect, struct place out[HOSTS])
{
	PQconninfoOption *all = PQconninfoParse(connect, NULL);
	const char *host = value_of(a, all, "host");
	const char *hostaddr = value_of(a, all, "hostaddr");
	const char *port = value_of(a, all, "port");
	const char *longest = hostaddr != NULL ? hostaddr : host;
	size_t n = items(longest);

	PQconninfoFree(all);
	if (longest == NULL || n > HOSTS || strstr(longest, ",,") != NULL ||
	    longest[0] == ',' || longest[strlen(longest) - 1] == ',')
		n = 1;
	out[0] = (struct place){0};
	for (size_t i = 0; n > 1 && i < n; i++)
		out[i] = (struct place){.host = item(a, host, i),
		    .hostaddr = item(a, hostaddr, i),
		    .port = item(a, port, i)};
	return n;
}

/* Drives a connection to its end or to the clock's. */
static void
drive(PGconn *c, int64_t end_ms)
{
	PostgresPollingStatusType want = PGRES_POLLING_WRITING;

	if (PQstatus(c) == CONNECTION_BAD)
		return;
	while (want == PGRES_POLLING_WRITING || want == PGRES_POLLING_READING) {
		struct pollfd fd = {.fd = PQsocket(c),
		    .events = want == PGRES_POLLING_READING ? POLLIN : POLLOUT};
		int64_t left_ms = end_ms - clock_mono_ms();

		if (left_ms <= 0)
			return; /* neither OK nor BAD */
		if (poll(&fd, 1, (int)left_ms) > 0)
			want = PQconnectPoll(c);
	}
}

static PGconn *
try_place(const struct hub_conf *conf, const char *user,
    const struct place *p, int64_t end_ms)
{
	/* dbname may be a whole connection string: what stands in front of it
	 * is overruled by it, what stands behind overrules it */
	const char *keys[] = {"user", "dbname", "application_name",
	    "tcp_user_timeout", "client_encoding", "host", "hostaddr", "port",
	    NULL};
	const char *values[] = {user, conf->database_connect, "plaintiff",
	    "10000", "UTF8", p->host, p->hostaddr, p->port, NULL};
	PGconn *c = PQconnectStartParams(keys, values, 1);

	if (c == NULL)
		die(EX_OSERR, "out of memory");
	drive(c, end_ms);
	return c;
}

struct pg_conn *
db_connect(const struct hub_conf *conf, const char *user, int limit_ms)
{
	struct arena *a = arena_open(0);
	struct place places[HOSTS];
	size_t n = places_of(a, conf->database_connect, places);
	int64_t end_ms = clock_mono_ms() + limit_ms;
	PGconn *c = NULL;

	for (size_t i = 0; i < n; i++) {
		int64_t now_ms = clock_mono_ms();
		int64_t share_ms = (end_ms - now_ms) / (int64_t)(n - i);

		if (c != NULL)
			PQfinish(c);
		c = try_place(conf, user, &places[i], now_ms +
		    (share_ms < HOST_LEAST_MS ? HOST_LEAST_MS : share_ms));
		if (PQstatus(c) == CONNECTION_OK)
			break;
	}
	arena_close(a);
	return c;
}

const struct db_patience *
db_patience_of(const char *stage)
{
	const struct db_patience *p = patiences;

	while (p->stage != NULL && strcmp(p->stage, stage) != 0)
		p++;
	return p;
}
