/* The addresses in the text of a report: a case each; when they are many,
 * those of one /24 or /64 together under a heading.  See body.h. */
#include "hub/report/body.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/report/compose.h"
#include "hub/report/entry.h"
#include "hub/report/network.h"
#include "hub/report/prose.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"

enum { MANY = 8, DATE_CHARS = 10 };

/* A listed source and the network it is in. */
struct place {
	struct prefix network;
	size_t source;
	size_t first; /* of its group: the smallest source */
};

static int
by_network(const void *x, const void *y)
{
	const struct place *a = x, *b = y;
	int r = network_compare(&a->network, &b->network);

	return r != 0 ? r : a->source < b->source ? -1 : 1;
}

static int
by_group(const void *x, const void *y)
{
	const struct place *a = x, *b = y;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->source < b->source ? -1 : 1;
}

/* The listed sources, those of one network together, groups and members in
 * the order given. */
static struct place *
arrange(const struct compose_facts *f, struct arena *a)
{
	struct place *list = arena_array(a, f->listed + 1, sizeof *list);

	for (size_t i = 0; i < f->listed; i++)
		list[i] = (struct place){.source = i, .first = i,
		    .network = network_of(&f->sources[i].address)};
	if (f->listed <= MANY)
		return list;
	qsort(list, f->listed, sizeof *list, by_network);
	for (size_t i = 1; i < f->listed; i++)
		if (network_compare(&list[i].network, &list[i - 1].network)
		    == 0)
			list[i].first = list[i - 1].first;
	qsort(list, f->listed, sizeof *list, by_group);
	return list;
}

/* Which way the contact was found. */
static enum wording
contact_wording(const char *method)
{
	if (strcmp(method, "abusix") == 0)
		return WORDING_contact_abusix;
	if (strcmp(method, "rdap") == 0 || strcmp(method, "range") == 0)
		return WORDING_contact_rdap;
	if (strcmp(method, "administrator") == 0)
		return WORDING_contact_set;
	return WORDING_contact_other;
}

static void
contact(struct buf *out, const struct compose_facts *f,
    const struct compose_source *s, const char *indent)
{
	int64_t days = (f->made_us - s->asked_us) / CLOCK_DAY_US;
	char day[CLOCK_TEXT_BYTES];
	struct buf line = {0};

	if (s->method == NULL)
		return;
	(void)clock_format(day, s->asked_us, false);
	day[DATE_CHARS] = '\0';
	wording_say(&line, f->language, contact_wording(s->method),
	    WORDING_FIELDS({"day", day}));
	if (days > 0) {
		buf_putc(&line, ' ');
		wording_say_count(&line, f->language, WORDING_days_ago, days);
	}
	prose_wrap(out, line.data, line.n, indent);
	buf_free(&line);
}

static bool
same_contact(const struct compose_source *a, const struct compose_source *b)
{
	if (a->method == NULL || b->method == NULL)
		return a->method == b->method;
	return strcmp(a->method, b->method) == 0 &&
	    a->asked_us / CLOCK_DAY_US == b->asked_us / CLOCK_DAY_US;
}

static void
network(struct buf *out, enum language l, const struct compose_source *s)
{
	char name[32] = "";
	int n = 0;

	if (s->asn != 0)
		n = snprintf(name, sizeof name, "AS%" PRIu32, s->asn);
	if (s->country[0] != '\0')
		(void)snprintf(name + n, sizeof name - (size_t)n, "%s%s",
		    n == 0 ? "" : ", ", s->country);
	if (name[0] != '\0')
		prose_say(out, l, WORDING_network,
		    WORDING_FIELDS({"network", name}), "  ");
}

static void
numbers(struct buf *out, enum language l, const struct compose_source *s,
    const struct entries *e)
{
	struct buf events = {0}, kinds = {0}, servers = {0};

	wording_say_count(&events, l, WORDING_events, s->events);
	wording_say_kinds(&kinds, l, s->kinds);
	prose_say(out, l, WORDING_of_kinds,
	    WORDING_FIELDS({"events", events.data},
	        {"kinds", kinds.n == 0 ? "" : kinds.data}), "  ");
	wording_say_count(&servers, l, WORDING_hosts, s->hosts);
	prose_say(out, l, WORDING_seen,
	    WORDING_FIELDS({"first", e->first}, {"last", e->last},
	        {"servers", servers.data}), "  ");
	buf_free(&servers);
	buf_free(&kinds);
	buf_free(&events);
}

/* A heading for several of one network.  Returns how many. */
static size_t
group(struct buf *out, const struct compose_facts *f,
    const struct place *list, size_t n)
{
	char prefix[ADDR_TEXT_BYTES];
	struct buf addresses = {0}, events = {0};
	int64_t count = 0;
	size_t members = 0;

	while (members < n && list[members].first == list[0].first)
		count += f->sources[list[members++].source].events;
	if (members == 1)
		return 1;
	wording_say_count(&addresses, f->language, WORDING_addresses,
	    (int64_t)members);
	wording_say_count(&events, f->language, WORDING_events, count);
	prose_say(out, f->language, WORDING_group,
	    WORDING_FIELDS({"prefix", prefix_format(prefix,
	            &list[0].network)}, {"addresses", addresses.data},
	        {"events", events.data}), "");
	contact(out, f, &f->sources[list[0].source], "  ");
	buf_putc(out, '\n');
	buf_free(&events);
	buf_free(&addresses);
	return members;
}

static void
rest(struct buf *out, const struct compose_facts *f)
{
	struct buf addresses = {0}, events = {0};
	int64_t count = 0;

	for (size_t i = f->listed; i < f->source_count; i++)
		count += f->sources[i].events;
	wording_say_count(&addresses, f->language, WORDING_addresses,
	    (int64_t)(f->source_count - f->listed));
	wording_say_count(&events, f->language, WORDING_events, count);
	buf_putc(out, '\n');
	prose_say(out, f->language, WORDING_not_listed,
	    WORDING_FIELDS({"addresses", addresses.data},
	        {"events", events.data}), "");
	buf_free(&events);
	buf_free(&addresses);
}

void
body_sources(struct buf *out, const struct compose_facts *f, struct arena *a)
{
	const struct place *list = arrange(f, a);
	const struct compose_source *heading = NULL;
	size_t left = 0;

	prose_heading(out, f->language, WORDING_heading_sources);
	for (size_t i = 0; i < f->listed; i++) {
		const struct compose_source *s = &f->sources[list[i].source];
		const struct entries *e = &f->entries[list[i].source];

		if (i != 0)
			buf_putc(out, '\n');
		if (left == 0) {
			left = group(out, f, list + i, f->listed - i);
			heading = left > 1 ? s : NULL;
		}
		left--;
		buf_puts(out, e->source);
		buf_putc(out, '\n');
		if (s->again)
			prose_say(out, f->language, WORDING_again, NULL, "  ");
		numbers(out, f->language, s, e);
		network(out, f->language, s);
		if (heading == NULL || !same_contact(heading, s))
			contact(out, f, s, "  ");
	}
	if (f->listed < f->source_count)
		rest(out, f);
}
