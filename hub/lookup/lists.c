/* The lists that lookup keeps; see lists.h. */
#include "hub/lookup/lists.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "hub/conf.h"
#include "hub/lookup/ask.h"
#include "hub/lookup/bootstrap.h"
#include "hub/lookup/bootstrap_rows.h"
#include "hub/lookup/document.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/base/file.h"
#include "proto/base/log.h"

enum {
	LOOK_MS = 60000, /* between two looks */
	AGAIN_S = 3600, /* after a failure */
	LEASE_MS = 120000, /* for fetching and storing exits */
};

struct lists {
	int64_t looked_ms; /* 0: never */
	/* of the shipped documents as they were read last, so that each is
	 * said once */
	uint8_t digest[2][32];
};

struct lists *
lists_open(void)
{
	struct lists *l = calloc(1, sizeof *l);

	if (l == NULL)
		die(EX_OSERR, "out of memory");
	return l;
}

void
lists_close(struct lists *l)
{
	free(l);
}

/* ---- which RDAP server knows which network ---- */

static const char *
file_of(int family)
{
	return family == 4 ? "ipv4.json" : "ipv6.json";
}

/* The document that ships with the program. */
static enum db_result
shipped(struct lists *l, struct arena *a, const struct hub_conf *conf,
    struct db *db, int family)
{
	uint8_t *last = l->digest[family == 6], digest[32];
	const char *path = arena_printf(a, "%s/%s",
	    conf->lookup_bootstrap_folder, file_of(family));
	struct bootstrap b;
	const char *why = NULL;
	struct text document;
	bool stored;
	enum db_result r;

	if (file_read(a, path, DOCUMENT_BYTES, &document, &why) < 0)
		document = (struct text){.at = "", .n = 0};
	crypto_generichash(digest, sizeof digest,
	    (const unsigned char *)document.at, document.n, NULL, 0);
	if (memcmp(last, digest, sizeof digest) == 0)
		return DB_OK;
	if (why != NULL || !bootstrap_read(a, document.at, document.n,
	                       family, &b, &why)) {
		log_warning("bootstrap not read file=%s: %s", path, why);
		memcpy(last, digest, sizeof digest);
		return DB_OK;
	}
	r = bootstrap_rows_shipped(db, a, family, digest, &b, &stored);
	if (r != DB_OK)
		return r;
	if (stored)
		log_info("bootstrap read file=%s prefixes=%zu", path, b.n);
	memcpy(last, digest, sizeof digest);
	return DB_OK;
}

/* Items of one family, which is what the document was asked for. */
static bool
bootstrap_of(struct arena *a, const struct ask_whole *list, int family,
    struct bootstrap *out)
{
	*out = (struct bootstrap){.at = arena_array(a, list->n + 1,
	        sizeof *out->at), .n = list->n};
	for (size_t i = 0; i < list->n; i++) {
		const struct ask_item *item = &list->at[i];

		if (item->prefix.addr.family != family || item->url.n > 255 ||
		    item->url.n < 9 ||
		    memcmp(item->url.at, "https://", 8) != 0 ||
		    memchr(item->url.at, '\0', item->url.n) != NULL)
			return false;
		out->at[i] = (struct bootstrap_entry){.prefix = item->prefix,
		    .url = arena_printf(a, "%.*s", (int)item->url.n,
		        item->url.at)};
	}
	return list->n != 0;
}

static enum db_result
store_bootstrap(struct arena *a, struct db *db,
    const struct lists_want *want, const struct ask_whole *list)
{
	struct text why = list->why;
	struct bootstrap b;

	if (list->good && bootstrap_of(a, list, want->family, &b)) {
		log_info("bootstrap fetched url=%s prefixes=%zu", want->url,
		    b.n);
		return bootstrap_rows_fetched(db, a, want->family, &b);
	}
	if (list->good)
		why = TEXT("it is not of this family");
	log_warning("bootstrap not fetched url=%s: %.*s", want->url,
	    (int)why.n, why.at == NULL ? "" : why.at);
	return bootstrap_rows_failed(db, a, want->family, AGAIN_S, why);
}

static enum db_result
next_bootstrap(struct lists *l, struct arena *a, const struct hub_conf *conf,
    struct db *db, struct lists_want *out)
{
	enum db_result r = DB_OK;

	for (int family = 4; r == DB_OK && !out->due && family <= 6;
	     family += 2) {
		r = shipped(l, a, conf, db, family);
		if (r == DB_OK && conf->lookup_bootstrap[0] != '\0')
			r = bootstrap_rows_claim(db, a, family,
			    conf->lookup_bootstrap_every, &out->due);
		out->family = family;
	}
	out->list = ASK_BOOTSTRAP;
	out->most = BOOTSTRAP_ENTRIES_MOST;
	out->url = arena_printf(a, "%s%s", conf->lookup_bootstrap,
	    file_of(out->family));
	return r;
}

/* ---- who is an exit of Tor ---- */

/* After each try: an old list means that addresses wait. */
static enum db_result
tell_stale(struct arena *a, struct db *db)
{
	struct tor_state state;
	char newest[CLOCK_TEXT_BYTES] = "never";
	enum db_result r = tor_rows_state(db, a, &state);

	if (r != DB_OK || !state.stale)
		return r;
	if (state.newest_us != 0)
		(void)clock_format(newest, state.newest_us, false);
	log_warning("list of Tor's exits is stale newest=%s tries=%lld",
	    newest, (long long)state.tries);
	return DB_OK;
}

static enum db_result
exits_failed(struct arena *a, const struct hub_conf *conf, struct db *db,
    const struct lists_want *want, const char *why)
{
	enum db_result r = tor_rows_failed(db, a, conf, &want->exits, why);

	log_warning("exits of Tor not fetched url=%s: %s", want->url, why);
	return r == DB_OK ? tell_stale(a, db) : r;
}

static enum db_result
store_exits(struct arena *a, const struct hub_conf *conf, struct db *db,
    const struct lists_want *want, const struct ask_whole *list)
{
	struct tor_list exits = {.n = list->n, .newest_us = list->newest_us,
	    .timed = list->timed};
	enum db_result r;
	bool recorded;

	if (!list->good)
		return exits_failed(a, conf, db, want, arena_printf(a, "%.*s",
		    (int)list->why.n, list->why.at == NULL ? ""
		                                           : list->why.at));
	exits.at = arena_array(a, list->n + 1, sizeof *exits.at);
	for (size_t i = 0; i < list->n; i++) {
		const struct ask_item *item = &list->at[i];

		if (item->prefix.bits != addr_length(&item->prefix.addr) * 8 ||
		    item->first_us > item->last_us)
			return exits_failed(a, conf, db, want,
			    "finder handed over what is no address");
		exits.at[i] = (struct tor_entry){.address = item->prefix.addr,
		    .first_us = item->first_us, .last_us = item->last_us};
	}
	r = tor_rows_list(db, a, conf, &want->exits, &exits, &recorded);
	if (r == DB_OK && recorded)
		log_info("exits of Tor fetched url=%s addresses=%zu",
		    want->url, exits.n);
	return r == DB_OK ? tell_stale(a, db) : r;
}

static enum db_result
next_exits(struct arena *a, const struct hub_conf *conf, struct db *db,
    struct lists_want *out)
{
	enum db_result r = tor_rows_claim(db, a, conf, LEASE_MS, &out->exits);

	out->due = r == DB_OK && out->exits.due;
	out->list = ASK_TOR_EXITS;
	out->most = TOR_ENTRIES_MOST;
	out->url = conf->tor_list;
	return r;
}

enum db_result
lists_store(struct arena *a, const struct hub_conf *conf, struct db *db,
    const struct lists_want *want, const struct ask_whole *list)
{
	switch (want->list) {
	case ASK_BOOTSTRAP:
		return store_bootstrap(a, db, want, list);
	case ASK_TOR_EXITS:
	case ASK_LISTS:
		break;
	}
	return store_exits(a, conf, db, want, list);
}

enum db_result
lists_next(struct lists *l, struct arena *a, const struct hub_conf *conf,
    struct db *db, struct lists_want *out)
{
	int64_t now = clock_mono_ms();
	enum db_result r = DB_OK;

	*out = (struct lists_want){.due = false};
	if (l->looked_ms != 0 && now - l->looked_ms < LOOK_MS)
		return DB_OK;
	if (conf->lookup_rdap)
		r = next_bootstrap(l, a, conf, db, out);
	if (r == DB_OK && !out->due)
		r = next_exits(a, conf, db, out);
	if (r == DB_OK && !out->due)
		l->looked_ms = now;
	return r;
}
