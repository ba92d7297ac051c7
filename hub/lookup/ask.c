/* Messages between lookup and finder; see ask.h. */
#include "hub/lookup/ask.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "hub/lookup/mailbox.h"
#include "hub/lookup/txt.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

enum { ASK_VERSION = 1, DNS_PORT = 53 };

_Static_assert(ASK_MESSAGE_BYTES > 64 + ASK_MOST * 17,
    "the longest ask fits a message");
_Static_assert(ASK_MESSAGE_BYTES > 64 + ASK_SAID_BYTES + ASK_WHY_BYTES +
    ASK_MAILBOXES_MOST * (1 + MAILBOX_BYTES),
    "the longest answer fits a message");

/* ---- words ---- */

const char *
ask_method_name(enum ask_method m)
{
	assert(m == ASK_ABUSIX);
	return "abusix";
}

const char *
ask_state_name(enum ask_state s)
{
	static const char *const names[ASK_STATES] = {[ASK_FOUND] = "found",
	    [ASK_NONE] = "none", [ASK_FAILED] = "failed",
	    [ASK_REFUSED] = "refused"};

	assert(s >= ASK_FOUND && s < ASK_STATES);
	return names[s];
}

static bool
port_parse(const char *s, uint16_t *out)
{
	size_t n = strlen(s);
	long v;

	if (n == 0 || n > 5 || strspn(s, "0123456789") != n)
		return false;
	v = strtol(s, NULL, 10);
	*out = (uint16_t)v;
	return v > 0 && v <= 65535;
}

bool
ask_server_parse(const char *s, struct ask_server *out)
{
	const char *colon = strrchr(s, ':'), *close = strchr(s, ']');
	struct text t = text_of(s);

	out->port = DNS_PORT;
	if (s[0] == '[' && close != NULL) {
		t = (struct text){s + 1, (size_t)(close - s - 1)};
		if (close[1] != '\0' &&
		    (close[1] != ':' || !port_parse(close + 2, &out->port)))
			return false;
	} else if (colon != NULL && strchr(s, ':') == colon) {
		t.n = (size_t)(colon - s);
		if (!port_parse(colon + 1, &out->port))
			return false;
	}
	return addr_parse(t, &out->addr);
}

/* ---- packing ---- */

static void
put(struct buf *b, uint64_t v, size_t bytes)
{
	for (size_t i = bytes; i-- > 0;)
		buf_putc(b, (char)(v >> (8 * i) & 0xff));
}

static void
put_addr(struct buf *b, const struct addr *v)
{
	put(b, v->family, 1);
	buf_add(b, v->bytes, sizeof v->bytes);
}

/* Two bytes of length plus one, 0 for the absent text; then the bytes. */
static void
put_text(struct buf *b, struct text t, size_t most)
{
	size_t n = t.n > most ? most : t.n;

	put(b, t.at == NULL ? 0 : n + 1, 2);
	if (t.at != NULL && n != 0)
		buf_add(b, t.at, n);
}

static void
put_head(struct buf *b, enum ask_kind kind)
{
	buf_reset(b);
	put(b, ASK_VERSION, 1);
	put(b, kind, 1);
}

void
ask_pack_setup(struct buf *out, const struct ask_setup *m)
{
	assert(m->servers_n <= ASK_SERVERS_MOST);
	put_head(out, ASK_SETUP);
	put(out, m->timeout_ms, 4);
	put(out, m->tries, 4);
	put(out, m->parallel, 4);
	put_text(out, text_of(m->zone), TXT_ZONE_BYTES);
	put(out, m->servers_n, 2);
	for (size_t i = 0; i < m->servers_n; i++) {
		put_addr(out, &m->servers[i].addr);
		put(out, m->servers[i].port, 2);
	}
}

void
ask_pack_ask(struct buf *out, const struct ask *m)
{
	assert(m->n <= ASK_MOST);
	put_head(out, ASK_ASK);
	put(out, m->batch, 4);
	put(out, m->deadline_ms, 4);
	put(out, m->n, 2);
	for (size_t i = 0; i < m->n; i++)
		put_addr(out, &m->addresses[i]);
}

void
ask_pack_answer(struct buf *out, const struct ask_answer *m)
{
	assert(m->mailboxes_n <= ASK_MAILBOXES_MOST);
	put_head(out, ASK_ANSWER);
	put(out, m->batch, 4);
	put(out, m->index, 2);
	put_addr(out, &m->address);
	put(out, m->method, 1);
	put(out, m->state, 1);
	put(out, m->ttl_s, 4);
	put(out, m->mailboxes_n, 2);
	for (size_t i = 0; i < m->mailboxes_n; i++)
		put_text(out, m->mailboxes[i], MAILBOX_BYTES);
	put_text(out, m->said, ASK_SAID_BYTES);
	put_text(out, m->why, ASK_WHY_BYTES);
}

/* ---- unpacking ---- */

struct reader {
	const unsigned char *at;
	size_t n;
	bool bad; /* once true, all that is read is zero */
};

static uint32_t
get(struct reader *r, size_t bytes)
{
	uint32_t v = 0;

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
	uint32_t v = get(r, bytes);

	r->bad = r->bad || v < min || v > max;
	return r->bad ? 0 : v;
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
	kind = get_within(&r, 1, ASK_SETUP, ASK_ANSWER);
	return r.bad ? ASK_NOTHING : (enum ask_kind)kind;
}

bool
ask_unpack_setup(struct arena *a, const void *bytes, size_t n,
    struct ask_setup *out)
{
	struct reader r = open_message(bytes, n, ASK_SETUP);
	struct text zone;
	const char *why;

	*out = (struct ask_setup){0};
	out->timeout_ms = get_within(&r, 4, 1, 60000);
	out->tries = get_within(&r, 4, 1, 100);
	out->parallel = get_within(&r, 4, 1, 65535);
	zone = get_text(&r, a, TXT_ZONE_BYTES);
	out->servers_n = get_within(&r, 2, 0, ASK_SERVERS_MOST);
	for (size_t i = 0; i < out->servers_n; i++) {
		out->servers[i].addr = get_addr(&r);
		out->servers[i].port = (uint16_t)get_within(&r, 2, 1, 65535);
	}
	if (r.bad || r.n != 0 || zone.at == NULL)
		return false;
	out->zone = txt_zone(a, zone.at, &why);
	return out->zone != NULL && text_is(zone, out->zone);
}

bool
ask_unpack_ask(const void *bytes, size_t n, struct ask *out)
{
	struct reader r = open_message(bytes, n, ASK_ASK);

	*out = (struct ask){0};
	out->batch = get(&r, 4);
	out->deadline_ms = get_within(&r, 4, 1, 3600000);
	out->n = get_within(&r, 2, 1, ASK_MOST);
	for (size_t i = 0; i < out->n; i++)
		out->addresses[i] = get_addr(&r);
	return !r.bad && r.n == 0;
}

bool
ask_unpack_answer(struct arena *a, const void *bytes, size_t n,
    struct ask_answer *out)
{
	struct reader r = open_message(bytes, n, ASK_ANSWER);

	*out = (struct ask_answer){0};
	out->batch = get(&r, 4);
	out->index = (uint16_t)get_within(&r, 2, 0, ASK_MOST - 1);
	out->address = get_addr(&r);
	out->method = (enum ask_method)get_within(&r, 1, ASK_ABUSIX,
	    ASK_METHODS - 1);
	out->state = (enum ask_state)get_within(&r, 1, ASK_FOUND,
	    ASK_STATES - 1);
	out->ttl_s = get(&r, 4);
	out->mailboxes_n = get_within(&r, 2, 0, ASK_MAILBOXES_MOST);
	for (size_t i = 0; i < out->mailboxes_n; i++) {
		out->mailboxes[i] = get_text(&r, a, MAILBOX_BYTES);
		r.bad = r.bad || out->mailboxes[i].n == 0;
	}
	out->said = get_text(&r, a, ASK_SAID_BYTES);
	out->why = get_text(&r, a, ASK_WHY_BYTES);
	return !r.bad && r.n == 0 &&
	    (out->state == ASK_FOUND) == (out->mailboxes_n != 0);
}
