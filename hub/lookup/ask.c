/* Messages between lookup and finder: writing; see ask.h. */
#include "hub/lookup/ask.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "hub/lookup/ask_inside.h"
#include "hub/lookup/mailbox.h"
#include "hub/lookup/txt.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

enum { DNS_PORT = 53, ITEM_BYTES = 18 + 16 + 2 };

_Static_assert(ASK_MESSAGE_BYTES > 128 + ASK_MOST * 18 +
    ASK_BASES_MOST * (2 + ASK_TEXT_BYTES),
    "the longest ask fits a message");
_Static_assert(ASK_MESSAGE_BYTES > 256 + ASK_SAID_BYTES + ASK_WHY_BYTES +
    ASK_HANDLE_BYTES + ASK_MAILBOXES_MOST * (2 + MAILBOX_BYTES),
    "the longest answer fits a message");
_Static_assert(ASK_MESSAGE_BYTES > 64 + ASK_ITEMS_MOST * ITEM_BYTES,
    "the items without their texts fit a message");
_Static_assert(ASK_MESSAGE_BYTES > 64 + ASK_DOMAINS_MOST *
    (2 + ASK_NAME_BYTES), "the longest domains fit a message");

/* ---- words ---- */

const char *
ask_method_name(enum ask_method m)
{
	static const char *const names[ASK_METHODS] = {[ASK_ABUSIX] = "abusix",
	    [ASK_RDAP] = "rdap", [ASK_DNSEL] = "dnsel"};

	assert(m >= ASK_ABUSIX && m < ASK_METHODS);
	return names[m];
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

static void
keep(struct arena *a, struct text *t, size_t most)
{
	if (t->at == NULL)
		return;
	t->n = t->n > most ? most : t->n;
	t->at = arena_copy(a, t->at, t->n);
}

void
ask_answer_keep(struct arena *a, struct ask_answer *answer)
{
	for (size_t i = 0; i < answer->mailboxes_n; i++)
		keep(a, &answer->mailboxes[i], MAILBOX_BYTES);
	keep(a, &answer->said, ASK_SAID_BYTES);
	keep(a, &answer->why, ASK_WHY_BYTES);
	keep(a, &answer->network.handle, ASK_HANDLE_BYTES);
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

static void
put_prefix(struct buf *b, const struct prefix *v)
{
	put_addr(b, &v->addr);
	put(b, v->bits, 1);
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
put_country(struct buf *b, const char country[3])
{
	put(b, country[0] == '\0' ? 0 : (unsigned char)country[0], 1);
	put(b, country[0] == '\0' ? 0 : (unsigned char)country[1], 1);
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
	assert(m->inside_n <= ASK_INSIDE_MOST);
	put_head(out, ASK_SETUP);
	put(out, m->timeout_ms, 4);
	put(out, m->tries, 4);
	put(out, m->parallel, 4);
	put_text(out, text_of(m->zone), TXT_ZONE_BYTES);
	put_text(out, text_of(m->origin4), TXT_ZONE_BYTES);
	put_text(out, text_of(m->origin6), TXT_ZONE_BYTES);
	put_text(out, text_of(m->exits), TXT_ZONE_BYTES);
	put(out, m->servers_n, 2);
	for (size_t i = 0; i < m->servers_n; i++) {
		put_addr(out, &m->servers[i].addr);
		put(out, m->servers[i].port, 2);
	}
	put_text(out, text_of(m->agent), MAILBOX_BYTES);
	put(out, m->web_parallel, 4);
	put(out, m->web_gap_ms, 4);
	put_text(out, text_of(m->ca_file), ASK_TEXT_BYTES);
	put_text(out, text_of(m->hosts), ASK_TEXT_BYTES);
	put(out, m->inside_n, 2);
	for (size_t i = 0; i < m->inside_n; i++)
		put_prefix(out, &m->inside[i]);
}

void
ask_pack_ask(struct buf *out, const struct ask *m)
{
	assert(m->n <= ASK_MOST && m->bases_n <= ASK_BASES_MOST);
	put_head(out, ASK_ASK);
	put(out, m->batch, 4);
	put(out, m->deadline_ms, 4);
	put(out, m->method, 1);
	put(out, m->bases_n, 2);
	for (size_t i = 0; i < m->bases_n; i++)
		put_text(out, text_of(m->bases[i]), ASK_TEXT_BYTES);
	put(out, m->n, 2);
	for (size_t i = 0; i < m->n; i++) {
		put_addr(out, &m->addresses[i]);
		put(out, m->base[i], 1);
	}
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
	put(out, m->later_s, 4);
	put(out, m->mailboxes_n, 2);
	for (size_t i = 0; i < m->mailboxes_n; i++)
		put_text(out, m->mailboxes[i], MAILBOX_BYTES);
	put_text(out, m->said, ASK_SAID_BYTES);
	put_text(out, m->why, ASK_WHY_BYTES);
	put(out, m->network.first.family != 0, 1);
	if (m->network.first.family != 0) {
		put_addr(out, &m->network.first);
		put_addr(out, &m->network.last);
		put_text(out, m->network.handle, ASK_HANDLE_BYTES);
		put_country(out, m->network.country);
		put(out, m->network.asn, 4);
	}
	put(out, m->origin.known, 1);
	if (m->origin.known) {
		put(out, m->origin.asn, 4);
		put_prefix(out, &m->origin.route);
		put_country(out, m->origin.country);
	}
}

void
ask_pack_fetch(struct buf *out, const struct ask_fetch *m)
{
	put_head(out, ASK_FETCH);
	put(out, m->batch, 4);
	put(out, m->deadline_ms, 4);
	put(out, m->list, 1);
	put(out, (uint64_t)m->now_us, 8);
	put(out, m->least, 4);
	put_text(out, text_of(m->url), ASK_TEXT_BYTES);
}

bool
ask_items_fit(size_t items, size_t text_bytes)
{
	return items <= ASK_ITEMS_MOST &&
	    64 + items * ITEM_BYTES + text_bytes <= ASK_MESSAGE_BYTES;
}

void
ask_pack_items(struct buf *out, const struct ask_items *m)
{
	assert(m->n <= ASK_ITEMS_MOST);
	put_head(out, ASK_ITEMS);
	put(out, m->batch, 4);
	put(out, m->n, 2);
	for (size_t i = 0; i < m->n; i++) {
		put_prefix(out, &m->at[i].prefix);
		put(out, (uint64_t)m->at[i].first_us, 8);
		put(out, (uint64_t)m->at[i].last_us, 8);
		put_text(out, m->at[i].url, ASK_TEXT_BYTES);
	}
}

void
ask_pack_fetched(struct buf *out, const struct ask_fetched *m)
{
	put_head(out, ASK_FETCHED);
	put(out, m->batch, 4);
	put(out, m->good, 1);
	put(out, (uint64_t)m->newest_us, 8);
	put(out, m->timed, 1);
	put(out, m->later_s, 4);
	put_text(out, m->why, ASK_WHY_BYTES);
}

void
ask_pack_domains(struct buf *out, const struct ask_domains *m)
{
	assert(m->n <= ASK_DOMAINS_MOST);
	put_head(out, ASK_DOMAINS);
	put(out, m->batch, 4);
	put(out, m->deadline_ms, 4);
	put(out, m->n, 2);
	for (size_t i = 0; i < m->n; i++)
		put_text(out, text_of(m->at[i]), ASK_NAME_BYTES);
}

void
ask_pack_host(struct buf *out, const struct ask_host *m)
{
	put_head(out, ASK_HOST);
	put(out, m->batch, 4);
	put(out, m->index, 2);
	put_text(out, text_of(m->domain), ASK_NAME_BYTES);
	put(out, m->state, 1);
	put_text(out, text_of(m->host), ASK_NAME_BYTES);
	put_text(out, m->why, ASK_WHY_BYTES);
}
