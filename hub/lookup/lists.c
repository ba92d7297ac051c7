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

enum db_result
lists_store(struct arena *a, struct db *db, const struct lists_want *want,
    const struct ask_whole *list)
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
		l->looked_ms = now;
	return r;
}
