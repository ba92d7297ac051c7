/*
 * Drives the hub's web client and its reading of RDAP by hand, as finder
 * does, and prints what came of it as JSON, a line an answer.
 *
 *   rdap_probe read ADDRESS STATUS           a document on standard input
 *   rdap_probe url FAMILY ADDRESS            a bootstrap document there
 *   rdap_probe ask NAME=VALUE...             lines "ADDRESS URL" there; an
 *                                            empty line ends a run
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/lookup/ask.h"
#include "hub/lookup/bootstrap.h"
#include "hub/lookup/rdap.h"
#include "hub/lookup/web.h"
#include "proto/base/addr.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "tests/live/rdap_probe.h"

enum { REQUESTS_MOST = 256, RESOLVE_MOST = 200, INPUT_MOST = 1 << 20 };

struct probe {
	struct arena *arena;
	struct web_setup setup;
	const char *resolve[RESOLVE_MOST];
	size_t max_bytes;
	uint32_t total_ms, deadline_ms;
	struct web *web;
	int run;
	struct web_request requests[REQUESTS_MOST];
	struct addr asked[REQUESTS_MOST];
	size_t n;
};

static void
usage(const char *why)
{
	fprintf(stderr, "rdap_probe: %s\n", why);
	exit(64);
}

static json_t *
text(struct text t)
{
	return t.at == NULL ? json_null() : json_stringn(t.at, t.n);
}

static json_t *
address(const struct addr *a)
{
	char s[ADDR_TEXT_BYTES];

	return a->family == 0 ? json_null() : json_string(addr_format(s, a));
}

static void
print(json_t *line)
{
	if (json_dumpf(line, stdout, JSON_COMPACT) < 0)
		usage("an answer that cannot be printed");
	putchar('\n');
	json_decref(line);
}

/* The reading of one document, as finder would judge it. */
static void
add_reading(struct arena *a, json_t *out, int status, struct text body,
    const struct addr *asked)
{
	struct ask_answer answer = {0};
	struct rdap rdap;
	const char *why;
	enum rdap_result r = rdap_read(a, status, body.at, body.n, asked,
	    &rdap, &why);
	json_t *mailboxes = json_array();

	rdap_judge(a, r, &rdap, why, &answer);
	for (size_t i = 0; i < answer.mailboxes_n; i++)
		json_array_append_new(mailboxes, text(answer.mailboxes[i]));
	json_object_set_new(out, "state",
	    json_string(ask_state_name(answer.state)));
	json_object_set_new(out, "mailboxes", mailboxes);
	json_object_set_new(out, "start", address(&rdap.start));
	json_object_set_new(out, "end", address(&rdap.end));
	json_object_set_new(out, "country", json_string(rdap.country));
	json_object_set_new(out, "asn", json_integer(rdap.asn));
	json_object_set_new(out, "handle", text(rdap.handle));
	json_object_set_new(out, "name", text(rdap.name));
	json_object_set_new(out, "why", text(answer.why));
}

static struct text
input(struct arena *a)
{
	char *bytes = arena_alloc(a, INPUT_MOST);

	return (struct text){bytes, fread(bytes, 1, INPUT_MOST, stdin)};
}

static void
read_one(struct arena *a, const char *asked, const char *status)
{
	json_t *out = json_object();
	struct addr address;

	if (!addr_parse(text_of(asked), &address))
		usage("no address");
	add_reading(a, out, atoi(status), input(a), &address);
	print(out);
}

static void
find_url(struct arena *a, const char *family, const char *asked)
{
	struct text document = input(a);
	const struct bootstrap_entry *e;
	struct bootstrap b;
	struct addr address;
	const char *why;

	if (!addr_parse(text_of(asked), &address))
		usage("no address");
	if (!bootstrap_read(a, document.at, document.n, atoi(family), &b, &why))
		usage(why);
	e = bootstrap_find(&b, &address);
	puts(e == NULL ? "-" : bootstrap_question(a, e->url, &address));
}

static void
print_answer(struct probe *p, struct arena *a, const struct web_answer *w,
    int64_t ms)
{
	static const char *const results[] = {[WEB_ANSWERED] = "answered",
	    [WEB_LATER] = "later", [WEB_FAILED] = "failed"};
	json_t *out = json_object();

	json_object_set_new(out, "state", json_string("failed"));
	json_object_set_new(out, "mailboxes", json_array());
	json_object_set_new(out, "why", text(text_of(w->why)));
	if (w->result == WEB_ANSWERED)
		add_reading(a, out, w->status, w->body, &p->asked[w->index]);
	json_object_set_new(out, "run", json_integer(p->run));
	json_object_set_new(out, "index", json_integer((json_int_t)w->index));
	json_object_set_new(out, "result", json_string(results[w->result]));
	json_object_set_new(out, "status", json_integer(w->status));
	json_object_set_new(out, "retry_after_s",
	    json_integer(w->retry_after_s));
	json_object_set_new(out, "host", json_string(w->host));
	json_object_set_new(out, "bytes", json_integer((json_int_t)w->body.n));
	json_object_set_new(out, "ms", json_integer(ms));
	print(out);
}

/* The most memory we ever had, in KiB.  getrusage would count what was before
 * exec. */
static json_int_t
most_memory(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[200];
	long long kb = 0;

	while (f != NULL && fgets(line, sizeof line, f) != NULL &&
	    sscanf(line, "VmHWM: %lld", &kb) != 1)
		continue;
	if (f == NULL || kb == 0)
		usage("no memory in /proc/self/status");
	fclose(f);
	return kb;
}

static void
run(struct probe *p)
{
	int64_t began = clock_mono_ms();
	struct arena *a = arena_open(0);
	struct web_answer answer;
	json_t *out = json_object(), *connects = json_array();

	probe_connects_n = 0;
	web_begin(p->web, p->requests, p->n, began + p->deadline_ms);
	while (web_next(p->web, a, &answer)) {
		print_answer(p, a, &answer, clock_mono_ms() - began);
		arena_reset(a);
	}
	arena_close(a);
	for (size_t i = 0; i < probe_connects_n; i++)
		json_array_append_new(connects, json_string(probe_connects[i]));
	json_object_set_new(out, "run", json_integer(p->run++));
	json_object_set_new(out, "connects", connects);
	json_object_set_new(out, "memory_kb", json_integer(most_memory()));
	json_object_set_new(out, "ms", json_integer(clock_mono_ms() - began));
	print(out);
	p->n = 0;
}

static void
set(struct probe *p, char *setting)
{
	char *value = strchr(setting, '=');
	struct prefix prefix;
	const char *why;
	struct {
		const char *name;
		uint32_t *place;
	} numbers[] = {{"connect_ms", &p->setup.connect_ms},
	    {"parallel", &p->setup.parallel},
	    {"per_host", &p->setup.parallel_per_host},
	    {"interval_ms", &p->setup.interval_ms},
	    {"later_s", &p->setup.later_s}, {"total_ms", &p->total_ms},
	    {"deadline_ms", &p->deadline_ms}};

	if (value == NULL)
		usage("a setting without =");
	*value++ = '\0';
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (strcmp(setting, numbers[i].name) == 0) {
			*numbers[i].place = (uint32_t)atoi(value);
			return;
		}
	if (strcmp(setting, "max_bytes") == 0)
		p->max_bytes = (size_t)atoi(value);
	else if (strcmp(setting, "ca") == 0)
		p->setup.ca_file = value;
	else if (strcmp(setting, "contact") == 0)
		p->setup.contact = value;
	else if (strcmp(setting, "inside") == 0 &&
	    prefix_parse(value, &prefix, &why))
		prefixes_add(p->arena, &p->setup.inside, prefix);
	else if (strcmp(setting, "resolve") == 0 &&
	    p->setup.resolve_n < RESOLVE_MOST)
		p->resolve[p->setup.resolve_n++] = value;
	else
		usage("a setting that is not known");
}

static void
add_request(struct probe *p, const char *line)
{
	size_t n = strcspn(line, " ");

	if (p->n == REQUESTS_MOST || line[n] == '\0' ||
	    !addr_parse((struct text){line, n}, &p->asked[p->n]))
		usage("a line that is no request");
	p->requests[p->n++] = (struct web_request){
	    .url = arena_string(p->arena, line + n + 1),
	    .accept = RDAP_TYPES, .max_bytes = p->max_bytes,
	    .total_ms = p->total_ms};
}

static void
ask(struct arena *a, char **settings)
{
	static struct probe p;
	char line[4096];

	p = (struct probe){.arena = a, .max_bytes = 256 * 1024,
	    .total_ms = 3000, .deadline_ms = 10000,
	    .setup = {.connect_ms = 1000, .parallel = 16,
	        .parallel_per_host = 4, .later_s = 60}};
	p.setup.resolve = p.resolve;
	for (; *settings != NULL; settings++)
		set(&p, *settings);
	p.web = web_open(&p.setup);
	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '\0')
			run(&p);
		else
			add_request(&p, line);
	}
	if (p.n != 0)
		run(&p);
	web_close(p.web);
}

int
main(int argc, char **argv)
{
	struct arena *a = arena_open(0);

	if (argc == 4 && strcmp(argv[1], "read") == 0)
		read_one(a, argv[2], argv[3]);
	else if (argc == 4 && strcmp(argv[1], "url") == 0)
		find_url(a, argv[2], argv[3]);
	else if (argc >= 2 && strcmp(argv[1], "ask") == 0)
		ask(a, argv + 2);
	else
		usage("read, url or ask");
	arena_close(a);
	return 0;
}
