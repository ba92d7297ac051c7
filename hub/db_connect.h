/* The part of db.c that reaches a server; seen by db.c and db_connect.c. */
#ifndef PLAINTIFF_DB_CONNECT_H
#define PLAINTIFF_DB_CONNECT_H

struct hub_conf;
struct pg_conn;

/* Connects as user (NULL: libpq's default) within limit_ms in all, trying the
 * hosts of database.connect one after the other, each with its share of the
 * time.  Never NULL; PQstatus tells, PQerrorMessage says why not.  A host's
 * name is resolved by libc, which this cannot limit. */
struct pg_conn *db_connect(const struct hub_conf *conf, const char *user,
    int limit_ms);

/* How a stage waits, and what else its session is told. */
struct db_patience {
	const char *stage;
	int connect_ms; /* all hosts together */
	int answer_ms;  /* a server that says nothing by then is frozen */
	const char *settings;
};

const struct db_patience *db_patience_of(const char *stage);

#endif
