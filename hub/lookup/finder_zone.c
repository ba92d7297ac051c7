/* Contacts and networks by DNS; see finder_zone.h. */
#include "hub/lookup/finder_zone.h"

#include "hub/lookup/ask.h"
#include "hub/lookup/dns.h"
#include "hub/lookup/judge.h"
#include "hub/lookup/origin.h"
#include "proto/base/arena.h"

static void
contact(struct arena *a, const struct dns_answer *dns, struct ask_answer *out)
{
	switch (dns->result) {
	case TXT_ANSWERED:
		out->ttl_s = dns->txt.ttl_s;
		judge_texts(a, dns->txt.at, dns->txt.n, out);
		return;
	case TXT_ABSENT:
		out->state = ASK_NONE;
		break;
	case TXT_FAILED:
		out->state = ASK_FAILED;
		break;
	}
	out->why = text_of(dns->why);
}

static const char *
origin_zone(const struct ask_setup *setup, const struct addr *address)
{
	return address->family == 4 ? setup->origin4 : setup->origin6;
}

/* Appends a name to ask for; "" is no zone. */
static size_t
add(struct arena *a, const char **names, size_t n, const struct addr *address,
    const char *zone)
{
	char name[TXT_NAME_BYTES];

	if (zone[0] == '\0')
		return n;
	names[n] = arena_string(a, txt_question(name, address, zone));
	return n + 1;
}

void
finder_zone(struct arena *a, const struct ask_setup *setup,
    const struct ask *ask, int64_t deadline_ms, struct ask_answer *answers)
{
	const char **names = arena_array(a, 2 * ask->n, sizeof *names);
	struct dns_answer *dns = arena_array(a, 2 * ask->n, sizeof *dns);
	size_t n = 0, at;

	/* contacts first: if time runs out, it is the origins that suffer */
	for (size_t i = 0; i < ask->n; i++)
		n = add(a, names, n, &ask->addresses[i], setup->zone);
	at = n;
	for (size_t i = 0; i < ask->n; i++)
		n = add(a, names, n, &ask->addresses[i],
		    origin_zone(setup, &ask->addresses[i]));
	if (n != 0)
		dns_run(a, setup, names, n, deadline_ms, dns);
	for (size_t i = 0; i < ask->n; i++) {
		struct ask_answer *out = &answers[i];

		if (setup->zone[0] == '\0') {
			out->state = ASK_NONE;
			out->why = TEXT("no contact zone is set");
		} else {
			contact(a, &dns[i], out);
		}
		if (origin_zone(setup, &ask->addresses[i])[0] == '\0')
			continue;
		if (dns[at].result == TXT_ANSWERED)
			origin_read(dns[at].txt.at, dns[at].txt.n,
			    &ask->addresses[i], &out->origin);
		at++;
	}
}
