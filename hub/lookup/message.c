/* Answers of DNS; see message.h. */
#include "hub/lookup/message.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "proto/base/arena.h"

enum {
	RECORD_BYTES = 11, /* of the shortest record */
	RECORDS_MOST = 512, /* records looked at in one section */
	ALIASES_MOST = 8,
	POINTERS_MOST = 64,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_OPT = 41,
	CLASS_IN = 1,
	RCODE_NXDOMAIN = 3,
};

/* Where we are in the message. */
struct cursor {
	const uint8_t *at;
	size_t n;
	size_t next;
};

struct record {
	char owner[MESSAGE_NAME_BYTES];
	uint16_t type;
	uint32_t ttl_s;
	unsigned code; /* of OPT: high bits of the message's code */
	size_t data, data_bytes; /* place in the message */
};

struct records {
	struct record *at;
	size_t n;
};

static bool
get16(struct cursor *c, uint16_t *out)
{
	if (c->n - c->next < 2)
		return false;
	*out = (uint16_t)(c->at[c->next] << 8 | c->at[c->next + 1]);
	c->next += 2;
	return true;
}

static bool
get32(struct cursor *c, uint32_t *out)
{
	uint16_t high, low;

	if (!get16(c, &high) || !get16(c, &low))
		return false;
	*out = (uint32_t)high << 16 | low;
	return true;
}

/* One label as text; a byte that no text name can show plainly is escaped,
 * so that two names are equal only if their bytes are. */
static bool
add_label(char out[MESSAGE_NAME_BYTES], size_t *used, const uint8_t *s,
    size_t n)
{
	if (*used != 0) {
		if (*used + 1 >= MESSAGE_NAME_BYTES)
			return false;
		out[(*used)++] = '.';
	}
	for (size_t i = 0; i < n; i++) {
		bool plain = s[i] > 0x20 && s[i] < 0x7f && s[i] != '.' &&
		    s[i] != '\\';
		size_t need = plain ? 1 : 4;

		if (*used + need >= MESSAGE_NAME_BYTES)
			return false;
		if (plain)
			out[*used] = (char)s[i];
		else
			(void)snprintf(out + *used, 5, "\\%03u", s[i]);
		*used += need;
	}
	return true;
}

/* A name, following compression pointers (RFC 1035 4.1.4), each of which must
 * point before the piece that it ends. */
static bool
get_name(struct cursor *c, char out[MESSAGE_NAME_BYTES])
{
	size_t at = c->next, floor = c->next, used = 0;
	bool jumped = false;

	for (int pointers = 0; at < c->n;) {
		uint8_t length = c->at[at];

		if ((length & 0xc0) == 0xc0) {
			if (c->n - at < 2 || ++pointers > POINTERS_MOST)
				return false;
			if (!jumped)
				c->next = at + 2;
			jumped = true;
			at = (size_t)(length & 0x3f) << 8 | c->at[at + 1];
			if (at >= floor)
				return false;
			floor = at;
			continue;
		}
		if (length > 63 || c->n - at - 1 < length)
			return false;
		at++;
		if (length == 0) {
			out[used] = '\0';
			if (!jumped)
				c->next = at;
			return true;
		}
		if (!add_label(out, &used, c->at + at, length))
			return false;
		at += length;
	}
	return false;
}

static bool
get_record(struct cursor *c, struct record *r, bool *wanted)
{
	uint16_t class, bytes;

	if (!get_name(c, r->owner) || !get16(c, &r->type) ||
	    !get16(c, &class) || !get32(c, &r->ttl_s) || !get16(c, &bytes) ||
	    c->n - c->next < bytes)
		return false;
	r->code = r->ttl_s >> 24; /* RFC 6891 6.1.3 */
	if (r->ttl_s > INT32_MAX)
		r->ttl_s = 0; /* RFC 2181 8 */
	r->data = c->next;
	r->data_bytes = bytes;
	c->next += bytes;
	/* OPT's class is a size */
	*wanted = class == CLASS_IN || r->type == TYPE_OPT;
	return true;
}

static bool
get_section(struct arena *a, struct cursor *c, size_t count,
    struct records *out)
{
	if (count > RECORDS_MOST || count > (c->n - c->next) / RECORD_BYTES)
		return false;
	*out = (struct records){.at = arena_array(a, count + 1,
	                            sizeof *out->at)};
	for (size_t i = 0; i < count; i++) {
		bool wanted;

		if (!get_record(c, &out->at[out->n], &wanted))
			return false;
		out->n += wanted;
	}
	return true;
}

/* Follows aliases from name; false when they lead in circles or are ill
 * formed.  *ttl_s shrinks to the smallest TTL on the way. */
static bool
follow(const struct cursor *message, const struct records *answer,
    char name[MESSAGE_NAME_BYTES], uint32_t *ttl_s, int *aliases)
{
	for (*aliases = 0; *aliases <= ALIASES_MOST; ++*aliases) {
		const struct record *r = NULL;
		struct cursor c = *message;

		for (size_t i = 0; i < answer->n && r == NULL; i++)
			if (answer->at[i].type == TYPE_CNAME &&
			    strcasecmp(answer->at[i].owner, name) == 0)
				r = &answer->at[i];
		if (r == NULL)
			return true;
		c.next = r->data;
		if (!get_name(&c, name) || c.next != r->data + r->data_bytes)
			return false;
		if (r->ttl_s < *ttl_s)
			*ttl_s = r->ttl_s;
	}
	return false;
}

/* An empty answer that names other servers to ask is no answer. */
static bool
is_referral(const struct records *authority)
{
	bool ns = false, soa = false;

	for (size_t i = 0; i < authority->n; i++) {
		ns = ns || authority->at[i].type == TYPE_NS;
		soa = soa || authority->at[i].type == TYPE_SOA;
	}
	return ns && !soa;
}

/* The code of the header with what EDNS adds to it: BADVERS has none of its
 * bits in the header. */
static unsigned
code_of(uint16_t flags, const struct records *additional)
{
	unsigned code = flags & 0xf;

	for (size_t i = 0; i < additional->n; i++)
		if (additional->at[i].type == TYPE_OPT)
			code |= additional->at[i].code << 4;
	return code;
}

static enum message_result
collect(struct arena *a, const struct cursor *message,
    const struct records *answer, const char *name, uint16_t type,
    struct message_answer *out, const char **why)
{
	char at[MESSAGE_NAME_BYTES];
	int aliases;

	(void)snprintf(at, sizeof at, "%s", name);
	*out = (struct message_answer){
	    .at = arena_array(a, answer->n + 1, sizeof *out->at),
	    .ttl_s = INT32_MAX};
	*why = "aliases lead in circles";
	if (!follow(message, answer, at, &out->ttl_s, &aliases))
		return MESSAGE_FAILED;
	for (size_t i = 0; i < answer->n; i++) {
		const struct record *r = &answer->at[i];

		if (r->type != type || strcasecmp(r->owner, at) != 0)
			continue;
		out->at[out->n++] = (struct message_data){
		    .at = message->at + r->data, .n = r->data_bytes};
		if (r->ttl_s < out->ttl_s)
			out->ttl_s = r->ttl_s;
	}
	*why = aliases == 0 ? "answer is not for the name asked"
	                    : "alias without a record behind it";
	if (out->n == 0)
		return MESSAGE_FAILED;
	*why = NULL;
	return MESSAGE_ANSWERED;
}

/* The header and the question; false with *why when they are not those of an
 * answer to ours. */
static bool
read_head(struct cursor *c, const char *name, uint16_t wanted,
    uint16_t counts[4], uint16_t *flags, const char **why)
{
	uint16_t id, type, class;
	char asked[MESSAGE_NAME_BYTES];

	*why = "malformed answer";
	if (!get16(c, &id) || !get16(c, flags))
		return false;
	for (int i = 0; i < 4; i++)
		if (!get16(c, &counts[i]))
			return false;
	if ((*flags & 0xf800) != 0x8000) /* QR set, opcode 0 */
		return false;
	*why = "truncated answer";
	if ((*flags & 0x0200) != 0)
		return false;
	*why = "answer to another question";
	return counts[0] == 1 && get_name(c, asked) && get16(c, &type) &&
	    get16(c, &class) && type == wanted && class == CLASS_IN &&
	    strcasecmp(asked, name) == 0;
}

static enum message_result
read_answer(struct arena *a, const void *bytes, size_t n, const char *name,
    uint16_t type, struct message_answer *out, const char **why)
{
	struct cursor c = {.at = bytes, .n = n};
	struct records answer, authority, additional;
	uint16_t counts[4], flags;
	unsigned code;
	bool referral;

	if (!read_head(&c, name, type, counts, &flags, why))
		return MESSAGE_FAILED;
	*why = "malformed answer";
	if (!get_section(a, &c, counts[1], &answer) ||
	    !get_section(a, &c, counts[2], &authority) ||
	    !get_section(a, &c, counts[3], &additional))
		return MESSAGE_FAILED;
	code = code_of(flags, &additional);
	*why = code == RCODE_NXDOMAIN ? "no such name" : "server failure";
	if (code != 0)
		return code == RCODE_NXDOMAIN ? MESSAGE_NO_NAME
		                              : MESSAGE_FAILED;
	if (counts[1] != 0)
		return collect(a, &c, &answer, name, type, out, why);
	referral = is_referral(&authority);
	*why = referral ? "referral in place of an answer"
	                : "no such record at that name";
	return referral ? MESSAGE_FAILED : MESSAGE_NO_RECORD;
}

enum message_result
message_parse(struct arena *a, const void *bytes, size_t n, const char *name,
    uint16_t type, struct message_answer *out, const char **why)
{
	enum message_result r;

	*out = (struct message_answer){0};
	r = read_answer(a, bytes, n, name, type, out, why);
	if (r != MESSAGE_ANSWERED)
		*out = (struct message_answer){0};
	return r;
}

bool
message_name(const void *bytes, size_t n, const struct message_data *d,
    size_t skip, char out[MESSAGE_NAME_BYTES])
{
	size_t begin = (size_t)(d->at - (const uint8_t *)bytes);
	struct cursor c = {.at = bytes, .n = n, .next = begin + skip};

	return d->n > skip && get_name(&c, out) && c.next == begin + d->n;
}
