/* RDAP answers for addresses; see rdap.h. */
#include "hub/lookup/rdap.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "hub/lookup/ask.h"
#include "hub/lookup/document.h"
#include "hub/lookup/judge.h"
#include "hub/lookup/rdap_card.h"
#include "proto/base/arena.h"

enum { DEPTH_MOST = DOCUMENT_DEPTH / 2, STATUS_OK = 200, STATUS_ABSENT = 404 };

static const char *
member(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static struct text
harmless(struct arena *a, const char *s, size_t most_bytes)
{
	char *out;

	if (s == NULL || s[0] == '\0')
		return (struct text){0};
	out = arena_alloc(a, most_bytes);
	return (struct text){out, text_neuter(out, most_bytes, s, strlen(s))};
}

/* Stricter than addr_parse, which also reads what daemons write. */
static bool
read_address(const json_t *o, const char *name, struct addr *out)
{
	const char *s = member(o, name);

	return s != NULL && s[strspn(s, "0123456789abcdefABCDEF:.")] == '\0' &&
	    addr_parse(text_of(s), out);
}

static int
order(const struct addr *a, const struct addr *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

/* Wider than an IPv4 /8 or an IPv6 /13?  Then start and end differ in the
 * bits before, or are a range across such a border, which nobody holds. */
static bool
is_too_wide(const struct addr *start, const struct addr *end)
{
	if (start->bytes[0] != end->bytes[0])
		return true;
	return start->family == 6 &&
	    ((start->bytes[1] ^ end->bytes[1]) & 0xf8) != 0;
}

static const char *
read_range(const json_t *net, const struct addr *asked, struct rdap *out)
{
	if (!read_address(net, "startAddress", &out->start) ||
	    !read_address(net, "endAddress", &out->end))
		return "network without its range";
	if (out->start.family != asked->family ||
	    out->end.family != asked->family)
		return "network of another family";
	if (order(&out->start, &out->end) > 0)
		return "network ends before it starts";
	if (order(asked, &out->start) < 0 || order(asked, &out->end) > 0)
		return "answer for another network";
	if (is_too_wide(&out->start, &out->end))
		return "network is wider than anybody's";
	return NULL;
}

static void
read_country(const json_t *net, char out[3])
{
	const char *s = member(net, "country");

	if (s == NULL || strlen(s) != 2)
		return;
	for (int i = 0; i < 2; i++)
		if ((s[i] | 0x20) < 'a' || (s[i] | 0x20) > 'z')
			return;
	out[0] = (char)(s[0] & ~0x20);
	out[1] = (char)(s[1] & ~0x20);
}

/* 64500 or "AS64500". */
static uint32_t
asn_of(const json_t *v)
{
	const char *s = json_string_value(v);
	uint64_t n = 0;

	if (json_is_integer(v) && json_integer_value(v) > 0)
		n = (uint64_t)json_integer_value(v);
	if (s != NULL && strncasecmp(s, "AS", 2) == 0)
		s += 2;
	for (; s != NULL && *s >= '0' && *s <= '9' && n <= UINT32_MAX; s++)
		n = n * 10 + (uint64_t)(*s - '0');
	if (s != NULL && *s != '\0')
		return 0;
	return n <= UINT32_MAX ? (uint32_t)n : 0;
}

/* The registries' own members; several origins are as good as none. */
static uint32_t
read_asn(const json_t *net)
{
	static const char *const lists[] = {"arin_originas0_originautnums",
	    "lacnic_originAutnum"};

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		const json_t *list = json_object_get(net, lists[i]);

		if (json_array_size(list) == 1)
			return asn_of(json_array_get(list, 0));
	}
	return asn_of(json_object_get(net, "nicbr_autnum"));
}

static bool
is_abuse(const json_t *entity)
{
	const json_t *role;
	size_t i;

	json_array_foreach(json_object_get(entity, "roles"), i, role) {
		const char *s = json_string_value(role);

		if (s != NULL && strcasecmp(s, "abuse") == 0)
			return true;
	}
	return false;
}

/* Mail of the abuse entities that are so deep below o.  Deeper ones come
 * after nearer ones, since a holder's own entity says better who is to be
 * told than one inside another. */
static void
take_depth(struct arena *a, const json_t *o, int depth, struct rdap_mail *out)
{
	const json_t *entity;
	size_t i;

	json_array_foreach(json_object_get(o, "entities"), i, entity) {
		if (depth > 0)
			take_depth(a, entity, depth - 1, out);
		else if (is_abuse(entity))
			rdap_card_take(a, json_object_get(entity,
			    "vcardArray"), out);
	}
}

static enum rdap_result
read_mail(struct arena *a, const json_t *net, struct rdap *out,
    const char **why)
{
	struct rdap_mail mail = {0};

	for (int depth = 0; depth < DEPTH_MOST; depth++)
		take_depth(a, net, depth, &mail);
	out->mailboxes_n = mail.n < RDAP_MAILBOXES_MOST ? mail.n
	                                                : RDAP_MAILBOXES_MOST;
	memcpy(out->mailboxes, mail.at,
	    out->mailboxes_n * sizeof *out->mailboxes);
	out->said = (struct text){mail.said, mail.said_n};
	*why = NULL;
	if (mail.n != 0)
		return RDAP_FOUND;
	*why = mail.entities == 0 ? "no entity with role abuse"
	    : mail.why != NULL    ? mail.why
	                          : "abuse entity without mail";
	return RDAP_NONE;
}

static enum rdap_result
read_error(struct arena *a, int status, const json_t *root, const char **why)
{
	const json_t *code = json_object_get(root, "errorCode");

	if (json_is_integer(code) &&
	    json_integer_value(code) == STATUS_ABSENT) {
		*why = "no such network";
		return RDAP_NONE;
	}
	if (json_is_integer(code))
		*why = arena_printf(a, "server says error %lld",
		    (long long)json_integer_value(code));
	else
		*why = status == STATUS_OK ? "answer is no network"
		                           : "not found, and not by RDAP";
	return RDAP_FAILED;
}

static enum rdap_result
read_root(struct arena *a, int status, const json_t *root,
    const struct addr *asked, struct rdap *out, const char **why)
{
	const char *class = member(root, "objectClassName");

	if (status != STATUS_OK || json_object_get(root, "errorCode") != NULL ||
	    class == NULL || strcmp(class, "ip network") != 0)
		return read_error(a, status, root, why);
	*why = read_range(root, asked, out);
	if (*why != NULL)
		return RDAP_FAILED;
	read_country(root, out->country);
	out->asn = read_asn(root);
	out->handle = harmless(a, member(root, "handle"), RDAP_HANDLE_BYTES);
	out->name = harmless(a, member(root, "name"), RDAP_NAME_BYTES);
	return read_mail(a, root, out, why);
}

enum rdap_result
rdap_read(struct arena *a, int status, const void *bytes, size_t n,
    const struct addr *asked, struct rdap *out, const char **why)
{
	json_t *root = document_read(a, bytes, n, why);
	enum rdap_result r = RDAP_FAILED;

	*out = (struct rdap){0};
	if (root != NULL)
		r = read_root(a, status, root, asked, out, why);
	json_decref(root);
	if (r == RDAP_FAILED)
		*out = (struct rdap){0};
	return r;
}

void
rdap_judge(struct arena *a, enum rdap_result result, const struct rdap *rdap,
    const char *why, struct ask_answer *out)
{
	switch (result) {
	case RDAP_FOUND:
		judge_texts(a, rdap->mailboxes, rdap->mailboxes_n, out);
		break;
	case RDAP_NONE:
	case RDAP_FAILED:
		out->state = result == RDAP_NONE ? ASK_NONE : ASK_FAILED;
		out->mailboxes_n = 0;
		out->why = text_of(why);
		break;
	}
	out->said = rdap->said;
}
