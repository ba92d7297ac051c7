/* Lists that are fetched whole; see finder_list.h. */
#include "hub/lookup/finder_list.h"

#include <string.h>

#include "hub/lookup/ask.h"
#include "hub/lookup/bootstrap.h"
#include "hub/lookup/tor.h"
#include "hub/lookup/web.h"
#include "proto/base/arena.h"

enum { TOTAL_MS = 20000 };

static const struct {
	const char *accept;
	size_t max_bytes;
} kinds[ASK_LISTS] = {
    /* it is said to be text/plain, by some mirrors nothing */
    [ASK_TOR_EXITS] = {NULL, TOR_LIST_BYTES},
    [ASK_BOOTSTRAP] = {"application/json, application/rdap+json, text/plain",
        256 * 1024},
};

/* Items on their way, sent when no more fit. */
struct portion {
	struct ask_items items;
	size_t text_bytes;
	bool (*send)(const struct ask_items *items);
	bool lost;
};

static void
flush(struct portion *p)
{
	if (p->items.n != 0 && !p->lost)
		p->lost = !p->send(&p->items);
	p->items.n = 0;
	p->text_bytes = 0;
}

static void
add(struct portion *p, const struct ask_item *item)
{
	if (!ask_items_fit(p->items.n + 1, p->text_bytes + item->url.n))
		flush(p);
	p->items.at[p->items.n++] = *item;
	p->text_bytes += item->url.n;
}

static bool
read_bootstrap(struct arena *a, const struct web_answer *web,
    struct portion *p, const char **why)
{
	struct bootstrap b;

	for (int family = 4; family <= 6; family += 2) {
		if (!bootstrap_read(a, web->body.at, web->body.n, family, &b,
		        why))
			continue;
		for (size_t i = 0; i < b.n; i++)
			add(p, &(struct ask_item){.prefix = b.at[i].prefix,
			           .url = text_of(b.at[i].url)});
		return true;
	}
	return false;
}

static bool
read_exits(struct arena *a, const struct web_answer *web,
    const struct ask_fetch *fetch, struct portion *p, struct ask_fetched *out,
    const char **why)
{
	struct tor_limits limits = {.now_us = fetch->now_us,
	    .entries_min = fetch->least};
	struct tor_list list;

	if (tor_parse(a, web->body.at, web->body.n, &limits, &list, why) < 0)
		return false;
	for (size_t i = 0; i < list.n; i++)
		add(p, &(struct ask_item){
		           .prefix = {.addr = list.at[i].address,
		               .bits = list.at[i].address.family == 4 ? 32
		                                                      : 128},
		           .first_us = list.at[i].first_us,
		           .last_us = list.at[i].last_us});
	out->newest_us = list.newest_us;
	out->timed = list.timed;
	return true;
}

void
finder_list(struct arena *a, struct web *web, const struct ask_fetch *fetch,
    int64_t deadline_ms, bool (*send)(const struct ask_items *items),
    struct ask_fetched *out)
{
	struct web_request request = {.url = fetch->url,
	    .accept = kinds[fetch->list].accept,
	    .max_bytes = kinds[fetch->list].max_bytes, .total_ms = TOTAL_MS};
	struct portion *p = arena_alloc(a, sizeof *p);
	struct web_answer got;
	const char *why = "the server has no such list";
	bool good = false;

	*out = (struct ask_fetched){.batch = fetch->batch};
	*p = (struct portion){.items = {.batch = fetch->batch}, .send = send};
	web_run(web, a, &request, 1, deadline_ms, &got);
	if (got.result != WEB_ANSWERED) {
		out->later_s = got.result == WEB_LATER ? got.retry_after_s : 0;
		out->why = text_of(got.why);
		return;
	}
	if (got.status == 200)
		switch (fetch->list) {
		case ASK_BOOTSTRAP:
			good = read_bootstrap(a, &got, p, &why);
			break;
		case ASK_TOR_EXITS:
			good = read_exits(a, &got, fetch, p, out, &why);
			break;
		case ASK_LISTS:
			break;
		}
	if (good)
		flush(p);
	out->good = good && !p->lost;
	if (!out->good)
		out->why = text_of(why);
}
