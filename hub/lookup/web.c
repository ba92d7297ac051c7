/*
 * Runs of web requests; see web.h.  A job is one request through all its
 * hops: waiting for its turn, under way, or settled.
 */
#include "hub/lookup/web.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <curl/curl.h>

#include "hub/lookup/pace.h"
#include "hub/lookup/web_head.h"
#include "hub/lookup/web_transfer.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"

enum {
	WAIT_MOST_MS = 1000,
	IDLE_CONNECTIONS = 8,
	STATUS_OK = 200,
	STATUS_ABSENT = 404,
	STATUS_TOO_MANY = 429,
	STATUS_UNAVAILABLE = 503,
};

enum job_state { JOB_WAITING, JOB_RUNNING, JOB_SETTLED };

struct job {
	const struct web_request *request;
	enum job_state state;
	const char *url, *host; /* of the present hop */
	uint16_t port;          /* of the first */
	int hops;
	int64_t end_ms;         /* 0: never begun */
	size_t header_lines, header_bytes;
	struct web_transfer *transfer;
	struct web_answer answer;
	struct buf body;
};

struct web {
	struct arena *arena; /* lives as long as we do */
	struct arena *run;   /* of one run */
	struct web_setup setup;
	const char *agent;
	struct curl_slist *resolve;
	struct pace *pace;
	CURLM *multi;
	struct job *jobs;
	size_t n, settled, given, running;
	int64_t deadline_ms;
};

static const char *
agent_name(struct arena *a, const char *contact)
{
	bool printable = contact != NULL && contact[0] != '\0';

	for (const char *s = contact; printable && *s != '\0'; s++)
		printable = *s > 0x20 && *s < 0x7f &&
		    strchr("()\\", *s) == NULL;
	return printable
	    ? arena_printf(a, "plaintiff/%s (+%s)", PLAINTIFF_VERSION, contact)
	    : "plaintiff/" PLAINTIFF_VERSION;
}

static void
copy_setup(struct web *w, const struct web_setup *from)
{
	struct web_setup *to = &w->setup;

	*to = *from;
	to->inside = (struct prefixes){0};
	for (size_t i = 0; i < from->inside.n; i++)
		prefixes_add(w->arena, &to->inside, from->inside.at[i]);
	if (from->ca_file != NULL)
		to->ca_file = arena_string(w->arena, from->ca_file);
	for (size_t i = 0; i < from->resolve_n; i++) {
		w->resolve = curl_slist_append(w->resolve, from->resolve[i]);
		if (w->resolve == NULL)
			die(EX_OSERR, "out of memory");
	}
	w->agent = agent_name(w->arena, from->contact);
}

struct web *
web_open(const struct web_setup *setup)
{
	struct web *w = calloc(1, sizeof *w);
	const struct pace_rule rule = {.parallel = setup->parallel_per_host,
	    .interval_ms = setup->interval_ms,
	    .rest_ms = setup->later_s * 1000};

	_Static_assert((int)WEB_PARALLEL_MOST < (int)PACE_HOSTS,
	    "every transfer has a host with a place");
	assert(setup->parallel >= 1 && setup->parallel <= WEB_PARALLEL_MOST);
	assert(setup->later_s >= 1 && setup->later_s <= WEB_RETRY_MOST_S);
	if (w == NULL)
		die(EX_OSERR, "out of memory");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (w->multi = curl_multi_init()) == NULL)
		die(EX_SOFTWARE, "libcurl does not start");
	(void)curl_multi_setopt(w->multi, CURLMOPT_MAXCONNECTS,
	    (long)IDLE_CONNECTIONS);
	w->arena = arena_open(0);
	w->run = arena_open(0);
	w->pace = pace_open(&rule);
	copy_setup(w, setup);
	return w;
}

static void
end_run(struct web *w)
{
	for (size_t i = 0; i < w->n; i++) {
		web_transfer_close(w->multi, w->jobs[i].transfer);
		buf_free(&w->jobs[i].body);
	}
	w->n = w->settled = w->given = w->running = 0;
	arena_reset(w->run);
}

void
web_close(struct web *w)
{
	if (w == NULL)
		return;
	end_run(w);
	(void)curl_multi_cleanup(w->multi);
	curl_slist_free_all(w->resolve);
	pace_close(w->pace);
	arena_close(w->run);
	arena_close(w->arena);
	free(w);
	curl_global_cleanup();
}

static void
settle(struct web *w, struct job *j, enum web_result result, const char *why)
{
	assert(j->state != JOB_SETTLED && j->transfer == NULL);
	j->state = JOB_SETTLED;
	j->answer.result = result;
	j->answer.host = j->host;
	j->answer.why = why;
	if (result != WEB_ANSWERED)
		buf_free(&j->body);
	w->settled++;
}

static void
settle_later(struct web *w, struct job *j, int64_t wait_ms, const char *why)
{
	int64_t wait_s = (wait_ms + 999) / 1000;

	j->answer.retry_after_s = wait_s < 1 ? 1
	    : wait_s > WEB_RETRY_MOST_S      ? WEB_RETRY_MOST_S
	                                     : (uint32_t)wait_s;
	settle(w, j, WEB_LATER, why);
}

void
web_begin(struct web *w, const struct web_request *requests, size_t n,
    int64_t deadline_ms)
{
	end_run(w);
	w->jobs = arena_array(w->run, n + 1, sizeof *w->jobs);
	w->n = n;
	w->deadline_ms = deadline_ms;
	for (size_t i = 0; i < n; i++) {
		struct job *j = &w->jobs[i];

		*j = (struct job){.request = &requests[i],
		    .url = requests[i].url, .host = "-",
		    .answer = {.index = i}};
		if (!web_transfer_host(w->run, j->url, &j->host, &j->port))
			settle(w, j, WEB_FAILED, "no URL");
	}
}

static void
begin(struct web *w, struct job *j, int64_t now_ms)
{
	int64_t end_ms;

	if (j->end_ms == 0)
		j->end_ms = now_ms + j->request->total_ms;
	end_ms = j->end_ms < w->deadline_ms ? j->end_ms : w->deadline_ms;
	j->transfer = web_transfer_begin(w->multi, &(struct web_transfer_ask){
	    .url = j->url, .accept = j->request->accept, .agent = w->agent,
	    .ca_file = w->setup.ca_file, .inside = &w->setup.inside,
	    .resolve = w->resolve, .port = j->port,
	    .connect_ms = w->setup.connect_ms, .total_ms = end_ms - now_ms,
	    .max_bytes = j->request->max_bytes,
	    .header_lines = &j->header_lines,
	    .header_bytes = &j->header_bytes, .whose = j});
	pace_begin(w->pace, j->host, now_ms);
	j->state = JOB_RUNNING;
	w->running++;
}

/* The present hop is over. */
static void
leave(struct web *w, struct job *j, bool answered)
{
	web_transfer_close(w->multi, j->transfer);
	j->transfer = NULL;
	j->state = JOB_WAITING;
	w->running--;
	pace_end(w->pace, j->host, answered, clock_mono_ms());
}

/* Begins, or settles, what waits; *until_ms is when to look again. */
static void
look_at_waiting(struct web *w, int64_t now_ms, int64_t *until_ms)
{
	for (size_t i = 0; i < w->n; i++) {
		struct job *j = &w->jobs[i];
		int64_t when_ms = INT64_MAX;

		if (j->state != JOB_WAITING)
			continue;
		if (j->end_ms != 0 && now_ms >= j->end_ms) {
			settle(w, j, WEB_FAILED, "not answered in time");
			continue;
		}
		switch (pace_ask(w->pace, j->host, now_ms, &when_ms)) {
		case PACE_HELD:
			settle_later(w, j, when_ms - now_ms,
			    "the server is left alone for a while");
			break;
		case PACE_NOW:
			if (w->running < w->setup.parallel)
				begin(w, j, now_ms);
			break;
		case PACE_WAIT:
			if (when_ms < *until_ms)
				*until_ms = when_ms;
			break;
		}
		if (j->state == JOB_WAITING && j->end_ms != 0 &&
		    j->end_ms < *until_ms)
			*until_ms = j->end_ms;
	}
}

static void
settle_rest(struct web *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct job *j = &w->jobs[i];

		if (j->state == JOB_RUNNING)
			leave(w, j, false);
		if (j->state != JOB_WAITING)
			continue;
		if (j->end_ms != 0)
			settle(w, j, WEB_FAILED, "not answered in time");
		else
			settle_later(w, j, 0, "its turn never came");
	}
}

static void
follow(struct web *w, struct job *j, const char *url)
{
	uint16_t port;

	buf_free(&j->body);
	if (++j->hops > WEB_REDIRECTS_MOST)
		settle(w, j, WEB_FAILED, "more than 3 redirects");
	else if (!web_transfer_host(w->run, url, &j->host, &port))
		settle(w, j, WEB_FAILED, "redirect to no URL");
	else
		j->url = url; /* waits for the turn of its new host */
}

static void
put_off(struct web *w, struct job *j, const struct web_transfer_end *end)
{
	uint32_t wait_s = w->setup.later_s;

	(void)web_head_retry_after(end->retry_after,
	    clock_wall_us() / CLOCK_SECOND_US, WEB_RETRY_MOST_S, &wait_s);
	pace_hold(w->pace, j->host, clock_mono_ms() + (int64_t)wait_s * 1000);
	leave(w, j, true);
	settle_later(w, j, (int64_t)wait_s * 1000,
	    end->status == STATUS_TOO_MANY ? "the server says too many requests"
	                                   : "the server is not available");
}

static void
accept_answer(struct web *w, struct job *j, const struct web_transfer_end *end)
{
	bool typed = j->request->accept == NULL ||
	    (end->type != NULL &&
	        web_head_type_is(end->type, j->request->accept));

	if (end->status != STATUS_OK && end->status != STATUS_ABSENT)
		settle(w, j, WEB_FAILED,
		    arena_printf(w->run, "HTTP status %d", end->status));
	else if (!typed && end->status == STATUS_OK)
		settle(w, j, WEB_FAILED, end->type == NULL
		    ? "answer without a type"
		    : arena_printf(w->run, "answer of type %s", end->type));
	else
		settle(w, j, WEB_ANSWERED, NULL);
	if (!typed)
		buf_free(&j->body);
}

static void
finish(struct web *w, struct job *j, CURLcode result)
{
	struct web_transfer_end end;

	web_transfer_finish(j->transfer, (int)result, w->run, &end, &j->body);
	j->answer.status = end.status;
	j->answer.type = end.type;
	if (end.answered && (end.status == STATUS_TOO_MANY ||
	                        end.status == STATUS_UNAVAILABLE)) {
		put_off(w, j, &end);
		return;
	}
	leave(w, j, end.status != 0);
	if (!end.answered)
		settle(w, j, WEB_FAILED, end.why);
	else if (end.status / 100 == 3 && end.redirect != NULL)
		follow(w, j, end.redirect);
	else
		accept_answer(w, j, &end);
}

/* One wait, no longer than until_ms. */
static void
turn(struct web *w, int64_t until_ms)
{
	int64_t wait_ms = until_ms - clock_mono_ms();
	int running, left;
	CURLMsg *m;

	if (curl_multi_perform(w->multi, &running) != CURLM_OK)
		die(EX_SOFTWARE, "libcurl does not go on");
	while ((m = curl_multi_info_read(w->multi, &left)) != NULL)
		if (m->msg == CURLMSG_DONE) {
			finish(w, web_transfer_whose(m->easy_handle),
			    m->data.result);
			wait_ms = 0;
		}
	if (wait_ms > WAIT_MOST_MS)
		wait_ms = WAIT_MOST_MS;
	if (wait_ms > 0)
		(void)curl_multi_poll(w->multi, NULL, 0, (int)wait_ms, NULL);
}

/* Until at least one more is settled. */
static void
drive(struct web *w)
{
	size_t had = w->settled;

	while (w->settled == had) {
		int64_t now_ms = clock_mono_ms(), until_ms = w->deadline_ms;

		if (now_ms >= w->deadline_ms) {
			settle_rest(w);
			return;
		}
		look_at_waiting(w, now_ms, &until_ms);
		if (w->settled == had)
			turn(w, until_ms);
	}
}

static void
hand_over(struct job *j, struct arena *a, struct web_answer *out)
{
	*out = j->answer;
	if (out->type != NULL)
		out->type = arena_string(a, out->type);
	if (out->why != NULL)
		out->why = arena_string(a, out->why);
	out->host = arena_string(a, out->host);
	out->body = (struct text){.at = ""};
	if (out->result == WEB_ANSWERED && j->body.n != 0)
		out->body = (struct text){
		    arena_copy(a, j->body.data, j->body.n), j->body.n};
	buf_free(&j->body);
}

bool
web_next(struct web *w, struct arena *a, struct web_answer *out)
{
	if (w->given == w->n) {
		end_run(w);
		return false;
	}
	if (w->given == w->settled)
		drive(w);
	for (size_t i = 0; i < w->n; i++) {
		struct job *j = &w->jobs[i];

		if (j->state != JOB_SETTLED || j->request == NULL)
			continue;
		j->request = NULL;
		w->given++;
		hand_over(j, a, out);
		return true;
	}
	abort();
}

void
web_run(struct web *w, struct arena *a, const struct web_request *requests,
    size_t n, int64_t deadline_ms, struct web_answer *out)
{
	struct web_answer answer;

	web_begin(w, requests, n, deadline_ms);
	while (web_next(w, a, &answer))
		out[answer.index] = answer;
}
