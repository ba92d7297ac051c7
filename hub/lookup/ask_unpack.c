/* Messages between lookup and finder: reading; see ask.h. */
#include "hub/lookup/ask.h"

#include <string.h>

#include "hub/lookup/ask_inside.h"
#include "hub/lookup/mailbox.h"
#include "hub/lookup/txt.h"
#include "proto/base/arena.h"

enum { DAY_S = 86400 };

struct reader {
	const unsigned char *at;
	size_t n;
	bool bad; /* once true, all that is read is zero */
};

static uint64_t
get(struct reader *r, size_t bytes)
{
	uint64_t v = 0;

	if (r->bad || r->n < bytes) {
		r->bad = true;
		return 0;
	}
	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | r->at[i];
	r->at += bytes;
	r->n -= bytes;
	return v;
}

static uint32_t
get_within(struct reader *r, size_t bytes, uint32_t min, uint32_t max)
{
	uint64_t v = get(r, bytes);

	r->bad = r->bad || v < min || v > max;
	return r->bad ? 0 : (uint32_t)v;
}

/* Only the canonical form: what addr.h would make of it, unused bytes 0. */
static struct addr
get_addr(struct reader *r)
{
	struct addr v = {.family = (uint8_t)get(r, 1)}, same;

	for (size_t i = 0; i < sizeof v.bytes; i++)
		v.bytes[i] = (uint8_t)get(r, 1);
	if (v.family != 4 && v.family != 6)
		r->bad = true;
	if (!r->bad) {
		struct addr clean = {0};

		r->bad = !addr_from_bytes(v.bytes, addr_length(&v), &same);
		clean.family = same.family;
		memcpy(clean.bytes, same.bytes, addr_length(&same));
		r->bad = r->bad || clean.family != v.family ||
		    memcmp(clean.bytes, v.bytes, sizeof v.bytes) != 0;
	}
	return r->bad ? (struct addr){0} : v;
}

/* A prefix without bits behind it.  Not through get_addr: ::/0 and the like
 * hold no address of one form. */
static struct prefix
get_prefix(struct reader *r)
{
	struct prefix p = {.addr = {.family = (uint8_t)get(r, 1)}};
	size_t length;

	for (size_t i = 0; i < sizeof p.addr.bytes; i++)
		p.addr.bytes[i] = (uint8_t)get(r, 1);
	p.bits = (uint8_t)get(r, 1);
	if (p.addr.family != 4 && p.addr.family != 6)
		r->bad = true;
	length = r->bad ? 0 : addr_length(&p.addr);
	r->bad = r->bad || p.bits > length * 8;
	for (size_t i = 0; i < sizeof p.addr.bytes && !r->bad; i++) {
		size_t kept = p.bits > i * 8 ? p.bits - i * 8 : 0;
		uint8_t mask = kept >= 8
		    ? 0xff
		    : (uint8_t)(0xff00 >> kept & 0xff);

		r->bad = (p.addr.bytes[i] & ~mask) != 0;
	}
	return r->bad ? (struct prefix){0} : p;
}

static struct text
get_text(struct reader *r, struct arena *a, size_t most)
{
	size_t n = get_within(r, 2, 0, (uint32_t)most + 1);
	struct text t = {0};

	if (r->bad || n == 0)
		return t;
	if (r->n < n - 1) {
		r->bad = true;
		return t;
	}
	t = (struct text){.at = arena_copy(a, r->at, n - 1), .n = n - 1};
	r->at += n - 1;
	r->n -= n - 1;
	return t;
}

/* A text that is there, without NUL. */
static const char *
get_string(struct reader *r, struct arena *a, size_t most)
{
	struct text t = get_text(r, a, most);

	r->bad = r->bad || t.at == NULL || memchr(t.at, '\0', t.n) != NULL;
	return r->bad ? "" : arena_printf(a, "%.*s", (int)t.n, t.at);
}

/* Two capital letters, or nothing. */
static void
get_country(struct reader *r, char out[3])
{
	char one = (char)get(r, 1), two = (char)get(r, 1);

	memset(out, 0, 3);
	if (r->bad || (one == '\0' && two == '\0'))
		return;
	r->bad = one < 'A' || one > 'Z' || two < 'A' || two > 'Z';
	out[0] = one;
	out[1] = two;
}

static struct reader
open_message(const void *bytes, size_t n, enum ask_kind kind)
{
	struct reader r = {.at = bytes, .n = n,
	    .bad = n > ASK_MESSAGE_BYTES};

	(void)get_within(&r, 1, ASK_VERSION, ASK_VERSION);
	(void)get_within(&r, 1, kind, kind);
	return r;
}

enum ask_kind
ask_kind(const void *bytes, size_t n)
{
	struct reader r = {.at = bytes, .n = n};
	uint32_t kind;

	(void)get_within(&r, 1, ASK_VERSION, ASK_VERSION);
	kind = get_within(&r, 1, ASK_SETUP, ASK_HOST);
	return r.bad ? ASK_NOTHING : (enum ask_kind)kind;
}

/* "" or exactly what txt_zone makes of it. */
static const char *
get_zone(struct reader *r, struct arena *a)
{
	const char *zone = get_string(r, a, TXT_ZONE_BYTES), *same, *why;

	if (r->bad || zone[0] == '\0')
		return "";
	same = txt_zone(a, zone, &why);
	r->bad = same == NULL || strcmp(same, zone) != 0;
	return zone;
}

bool
ask_unpack_setup(struct arena *a, const void *bytes, size_t n,
    struct ask_setup *out)
{
	struct reader r = open_message(bytes, n, ASK_SETUP);

	*out = (struct ask_setup){0};
	out->timeout_ms = get_within(&r, 4, 1, 60000);
	out->tries = get_within(&r, 4, 1, 100);
	out->parallel = get_within(&r, 4, 1, 65535);
	out->zone = get_zone(&r, a);
	out->origin4 = get_zone(&r, a);
	out->origin6 = get_zone(&r, a);
	out->exits = get_zone(&r, a);
	out->servers_n = get_within(&r, 2, 0, ASK_SERVERS_MOST);
	for (size_t i = 0; i < out->servers_n; i++) {
		out->servers[i].addr = get_addr(&r);
		out->servers[i].port = (uint16_t)get_within(&r, 2, 1, 65535);
	}
	out->agent = get_string(&r, a, MAILBOX_BYTES);
	out->web_parallel = get_within(&r, 4, 1, 1000);
	out->web_gap_ms = get_within(&r, 4, 0, 3600000);
	out->ca_file = get_string(&r, a, ASK_TEXT_BYTES);
	out->hosts = get_string(&r, a, ASK_TEXT_BYTES);
	out->inside_n = get_within(&r, 2, 0, ASK_INSIDE_MOST);
	for (size_t i = 0; i < out->inside_n; i++)
		out->inside[i] = get_prefix(&r);
	return !r.bad && r.n == 0;
}

bool
ask_unpack_ask(struct arena *a, const void *bytes, size_t n, struct ask *out)
{
	struct reader r = open_message(bytes, n, ASK_ASK);

	*out = (struct ask){0};
	out->batch = (uint32_t)get(&r, 4);
	out->deadline_ms = get_within(&r, 4, 1, 3600000);
	out->method = (enum ask_method)get_within(&r, 1, ASK_ABUSIX,
	    ASK_METHODS - 1);
	out->bases_n = get_within(&r, 2, 0, ASK_BASES_MOST);
	for (size_t i = 0; i < out->bases_n; i++)
		out->bases[i] = get_string(&r, a, ASK_TEXT_BYTES);
	out->n = get_within(&r, 2, 1, ASK_MOST);
	for (size_t i = 0; i < out->n; i++) {
		out->addresses[i] = get_addr(&r);
		out->base[i] = (uint8_t)get(&r, 1);
		r.bad = r.bad ||
		    (out->method == ASK_RDAP && out->base[i] >= out->bases_n);
	}
	return !r.bad && r.n == 0;
}

/* Both ends of one family, in order. */
static void
get_network(struct reader *r, struct arena *a, struct ask_network *out)
{
	*out = (struct ask_network){0};
	if (get_within(r, 1, 0, 1) == 0)
		return;
	out->first = get_addr(r);
	out->last = get_addr(r);
	out->handle = get_text(r, a, ASK_HANDLE_BYTES);
	get_country(r, out->country);
	out->asn = (uint32_t)get(r, 4);
	r->bad = r->bad || out->first.family != out->last.family ||
	    memcmp(out->first.bytes, out->last.bytes,
	        sizeof out->first.bytes) > 0;
}

static void
get_origin(struct reader *r, struct ask_origin *out)
{
	*out = (struct ask_origin){.known = get_within(r, 1, 0, 1) == 1};
	if (!out->known)
		return;
	out->asn = (uint32_t)get(r, 4);
	out->route = get_prefix(r);
	get_country(r, out->country);
}

/* Is what it says of networks about the address at all? */
static bool
is_about(const struct ask_answer *m)
{
	const struct ask_network *w = &m->network;
	size_t n = sizeof m->address.bytes;

	if (w->first.family != 0 &&
	    (w->first.family != m->address.family ||
	        memcmp(w->first.bytes, m->address.bytes, n) > 0 ||
	        memcmp(w->last.bytes, m->address.bytes, n) < 0))
		return false;
	return !m->origin.known || prefix_holds(&m->origin.route, &m->address);
}

bool
ask_unpack_answer(struct arena *a, const void *bytes, size_t n,
    struct ask_answer *out)
{
	struct reader r = open_message(bytes, n, ASK_ANSWER);

	*out = (struct ask_answer){0};
	out->batch = (uint32_t)get(&r, 4);
	out->index = (uint16_t)get_within(&r, 2, 0, ASK_MOST - 1);
	out->address = get_addr(&r);
	out->method = (enum ask_method)get_within(&r, 1, ASK_ABUSIX,
	    ASK_METHODS - 1);
	out->state = (enum ask_state)get_within(&r, 1, ASK_FOUND,
	    ASK_STATES - 1);
	out->ttl_s = (uint32_t)get(&r, 4);
	out->later_s = get_within(&r, 4, 0, 7 * DAY_S);
	out->mailboxes_n = get_within(&r, 2, 0, ASK_MAILBOXES_MOST);
	for (size_t i = 0; i < out->mailboxes_n; i++) {
		out->mailboxes[i] = get_text(&r, a, MAILBOX_BYTES);
		r.bad = r.bad || out->mailboxes[i].n == 0;
	}
	out->said = get_text(&r, a, ASK_SAID_BYTES);
	out->why = get_text(&r, a, ASK_WHY_BYTES);
	get_network(&r, a, &out->network);
	get_origin(&r, &out->origin);
	if (r.bad || r.n != 0 || !is_about(out))
		return false;
	if (out->method == ASK_DNSEL)
		return out->mailboxes_n == 0;
	return (out->state == ASK_FOUND) == (out->mailboxes_n != 0);
}

bool
ask_unpack_fetch(struct arena *a, const void *bytes, size_t n,
    struct ask_fetch *out)
{
	struct reader r = open_message(bytes, n, ASK_FETCH);

	*out = (struct ask_fetch){0};
	out->batch = (uint32_t)get(&r, 4);
	out->deadline_ms = get_within(&r, 4, 1, 3600000);
	out->list = (enum ask_list)get_within(&r, 1, ASK_TOR_EXITS,
	    ASK_LISTS - 1);
	out->now_us = (int64_t)get(&r, 8);
	out->least = (uint32_t)get(&r, 4);
	out->url = get_string(&r, a, ASK_TEXT_BYTES);
	return !r.bad && r.n == 0;
}

bool
ask_unpack_items(struct arena *a, const void *bytes, size_t n,
    struct ask_items *out)
{
	struct reader r = open_message(bytes, n, ASK_ITEMS);

	*out = (struct ask_items){0};
	out->batch = (uint32_t)get(&r, 4);
	out->n = get_within(&r, 2, 0, ASK_ITEMS_MOST);
	for (size_t i = 0; i < out->n; i++) {
		out->at[i].prefix = get_prefix(&r);
		out->at[i].first_us = (int64_t)get(&r, 8);
		out->at[i].last_us = (int64_t)get(&r, 8);
		out->at[i].url = get_text(&r, a, ASK_TEXT_BYTES);
	}
	return !r.bad && r.n == 0;
}

bool
ask_unpack_fetched(struct arena *a, const void *bytes, size_t n,
    struct ask_fetched *out)
{
	struct reader r = open_message(bytes, n, ASK_FETCHED);

	*out = (struct ask_fetched){0};
	out->batch = (uint32_t)get(&r, 4);
	out->good = get_within(&r, 1, 0, 1) == 1;
	out->newest_us = (int64_t)get(&r, 8);
	out->timed = get_within(&r, 1, 0, 1) == 1;
	out->later_s = get_within(&r, 4, 0, 7 * DAY_S);
	out->why = get_text(&r, a, ASK_WHY_BYTES);
	return !r.bad && r.n == 0;
}

/* "" only where it may be. */
static const char *
get_name(struct reader *r, struct arena *a, bool may_lack)
{
	const char *name = get_string(r, a, ASK_NAME_BYTES);

	r->bad = r->bad || !(text_is_domain(name, ASK_NAME_BYTES) ||
	                       (may_lack && name[0] == '\0'));
	return name;
}

bool
ask_unpack_domains(struct arena *a, const void *bytes, size_t n,
    struct ask_domains *out)
{
	struct reader r = open_message(bytes, n, ASK_DOMAINS);

	*out = (struct ask_domains){0};
	out->batch = (uint32_t)get(&r, 4);
	out->deadline_ms = get_within(&r, 4, 1, 3600000);
	out->n = get_within(&r, 2, 1, ASK_DOMAINS_MOST);
	for (size_t i = 0; i < out->n; i++)
		out->at[i] = get_name(&r, a, false);
	return !r.bad && r.n == 0;
}

bool
ask_unpack_host(struct arena *a, const void *bytes, size_t n,
    struct ask_host *out)
{
	struct reader r = open_message(bytes, n, ASK_HOST);

	*out = (struct ask_host){0};
	out->batch = (uint32_t)get(&r, 4);
	out->index = (uint16_t)get_within(&r, 2, 0, ASK_DOMAINS_MOST - 1);
	out->domain = get_name(&r, a, false);
	out->state = (enum ask_state)get_within(&r, 1, ASK_FOUND, ASK_FAILED);
	out->host = get_name(&r, a, true);
	out->why = get_text(&r, a, ASK_WHY_BYTES);
	return !r.bad && r.n == 0 &&
	    (out->state == ASK_FOUND) == (out->host[0] != '\0');
}
