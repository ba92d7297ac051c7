/* Registries by RDAP; see finder_web.h. */
#include "hub/lookup/finder_web.h"

#include <string.h>

#include "hub/lookup/ask.h"
#include "hub/lookup/bootstrap.h"
#include "hub/lookup/document.h"
#include "hub/lookup/rdap.h"
#include "hub/lookup/web.h"
#include "proto/base/arena.h"

enum {
	CONNECT_MS = 2000,
	TOTAL_MS = 3000,
	PER_HOST = 4,
	LATER_S = 60, /* where a server says no time itself */
	HOSTS_MOST = 64,
};

struct web *
finder_web_open(const struct ask_setup *setup)
{
	struct arena *a = arena_open(0);
	const char *hosts[HOSTS_MOST];
	struct prefix inside[ASK_INSIDE_MOST];
	struct web_setup s = {.contact = setup->agent[0] == '\0'
	        ? NULL
	        : setup->agent,
	    .ca_file = setup->ca_file[0] == '\0' ? NULL : setup->ca_file,
	    .inside = {.at = inside, .n = setup->inside_n},
	    .resolve = hosts, .connect_ms = CONNECT_MS,
	    .parallel = setup->web_parallel, .parallel_per_host = PER_HOST,
	    .interval_ms = setup->web_gap_ms, .later_s = LATER_S};
	struct web *w;

	memcpy(inside, setup->inside, sizeof inside);
	for (const char *at = setup->hosts; *at != '\0' &&
	     s.resolve_n < HOSTS_MOST;) {
		size_t n = strcspn(at, " ");

		hosts[s.resolve_n++] = arena_printf(a, "%.*s", (int)n, at);
		at += n + (at[n] == ' ');
	}
	w = web_open(&s);
	arena_close(a);
	return w;
}

static void
answered(struct arena *scratch, const struct web_answer *web,
    struct ask_answer *out)
{
	struct rdap rdap;
	const char *why = NULL;
	enum rdap_result r = rdap_read(scratch, web->status, web->body.at,
	    web->body.n, &out->address, &rdap, &why);

	rdap_judge(scratch, r, &rdap, why, out);
	if (r == RDAP_FAILED)
		return;
	out->network.first = rdap.start;
	out->network.last = rdap.end;
	out->network.handle = rdap.handle;
	out->network.asn = rdap.asn;
	memcpy(out->network.country, rdap.country,
	    sizeof out->network.country);
}

void
finder_web(struct arena *a, struct web *web, const struct ask *ask,
    int64_t deadline_ms, struct ask_answer *answers)
{
	struct web_request *requests = arena_array(a, ask->n,
	    sizeof *requests);
	struct arena *scratch = arena_open(0);
	struct web_answer got;

	for (size_t i = 0; i < ask->n; i++)
		requests[i] = (struct web_request){
		    .url = bootstrap_question(a, ask->bases[ask->base[i]],
		        &ask->addresses[i]),
		    .accept = RDAP_TYPES, .max_bytes = DOCUMENT_BYTES,
		    .total_ms = TOTAL_MS};
	web_begin(web, requests, ask->n, deadline_ms);
	while (web_next(web, scratch, &got)) {
		struct ask_answer *out = &answers[got.index];

		out->why = (struct text){0};
		if (got.result == WEB_ANSWERED) {
			answered(scratch, &got, out);
		} else {
			out->state = ASK_FAILED;
			out->why = text_of(got.why);
			if (got.result == WEB_LATER)
				out->later_s = got.retry_after_s;
		}
		ask_answer_keep(a, out);
		arena_reset(scratch);
	}
	arena_close(scratch);
}
