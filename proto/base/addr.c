/* Addresses and prefixes; see addr.h. */
#include "proto/base/addr.h"

#include <arpa/inet.h>
#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "proto/base/arena.h"

/* IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its
 * updates), multicast (RFC 5771, RFC 4291) and site-local (RFC 3879). */
static const char *const special[] = {
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
};

enum { SPECIALS = sizeof special / sizeof special[0] };

bool
addr_from_bytes(const void *bytes, size_t n, struct addr *out)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
	    0xff};
	static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};
	const uint8_t *b = bytes;

	if (n != 4 && n != 16)
		return false;
	memset(out, 0, sizeof *out);
	if (n == 16 && (memcmp(b, mapped, 12) == 0 ||
	                   memcmp(b, nat64, 12) == 0)) {
		b += 12;
		n = 4;
	}
	out->family = n == 4 ? 4 : 6;
	memcpy(out->bytes, b, n);
	return true;
}

/* A bit for each of sixteen bytes: is it a point, is it a digit? */
static inline void
look_at(const char *s, unsigned *points, unsigned *digits)
{
#ifdef __SSE2__
	__m128i w = _mm_loadu_si128((const __m128i *)(const void *)s);
	__m128i x = _mm_sub_epi8(w, _mm_set1_epi8('0'));

	*points = (unsigned)_mm_movemask_epi8(
	    _mm_cmpeq_epi8(w, _mm_set1_epi8('.')));
	*digits = (unsigned)_mm_movemask_epi8(
	    _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(9)), x));
#else
	*points = *digits = 0;
	for (unsigned i = 0; i < 16; i++) {
		*points |= (unsigned)(s[i] == '.') << i;
		*digits |= (unsigned)(s[i] >= '0' && s[i] <= '9') << i;
	}
#endif
}

/* By where the points are, since how long a number is cannot be guessed, and
 * a wrong guess costs as much as all of this. */
size_t
addr_read_dotted(const char *s, struct addr *out)
{
	enum { MOST = 15, LARGEST = 0x020505 };
	const uint32_t none = UINT32_C(1) << 31;
	unsigned char bytes[4];
	unsigned start = 0, n;
	uint32_t points, digits, wrong = 0;

	_Static_assert(MOST + sizeof wrong <= ADDR_DOTTED_READ,
	    "the last number is read as all are");
	look_at(s, &points, &digits);
	n = (unsigned)__builtin_ctz(~(points | digits));
	if (n > MOST)
		return 0;
	/* and one behind the last, whatever is there */
	points = (points & ((1U << n) - 1)) | 1U << n | none;
	for (int i = 0; i < 4; i++) {
		unsigned end = (unsigned)__builtin_ctz(points);
		unsigned shift = 32 - 8 * (end - start);
		uint32_t v, in_order;

		if (end - start - 1 > 2)
			return 0;
		/* three digits, the last in the highest byte */
		memcpy(&v, s + start, sizeof v);
		v = (le32toh(v) & 0x0f0f0f0f) << shift;
		in_order = __builtin_bswap32(v);
		/* no zero in front of others */
		wrong |= (in_order - (0x800000U >> shift)) |
		         (LARGEST - in_order);
		/* 100, 10 and 1 times, added up in the highest byte */
		bytes[i] = (unsigned char)(v * 0x640a01 >> 24);
		start = end + 1;
		points &= points - 1;
	}
	return points == none && wrong <= INT32_MAX &&
	               addr_from_bytes(bytes, sizeof bytes, out)
	           ? n : 0;
}

bool
addr_parse(struct text t, struct addr *out)
{
	char s[INET6_ADDRSTRLEN + 1] = {0};
	unsigned char bytes[16];
	const char *zone;

	_Static_assert(sizeof s >= ADDR_DOTTED_READ, "one place for both");
	if (t.n < sizeof s - 1 && t.n > 0) {
		memcpy(s, t.at, t.n);
		if (addr_read_dotted(s, out) == t.n)
			return true;
	}
	if (t.n > 5 && strncasecmp(t.at, "IPv6:", 5) == 0) {
		t.at += 5;
		t.n -= 5;
	}
	if (t.n == 0)
		return false;
	zone = memchr(t.at, '%', t.n);
	if (zone != NULL)
		t.n = (size_t)(zone - t.at);
	if (t.n >= sizeof s || memchr(t.at, '\0', t.n) != NULL)
		return false;
	memcpy(s, t.at, t.n);
	s[t.n] = '\0';
	if (inet_pton(AF_INET, s, bytes) == 1 && zone == NULL)
		return addr_from_bytes(bytes, 4, out);
	if (inet_pton(AF_INET6, s, bytes) == 1)
		return addr_from_bytes(bytes, 16, out);
	return false;
}

size_t
addr_length(const struct addr *a)
{
	return a->family == 4 ? 4 : a->family == 6 ? 16 : 0;
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, 16) == 0;
}

static const char *
format_dotted(char out[ADDR_TEXT_BYTES], const uint8_t bytes[4])
{
	char *at = out;

	for (int i = 0; i < 4; i++) {
		unsigned v = bytes[i];

		if (v >= 100)
			*at++ = (char)('0' + v / 100);
		if (v >= 10)
			*at++ = (char)('0' + v / 10 % 10);
		*at++ = (char)('0' + v % 10);
		*at++ = i < 3 ? '.' : '\0';
	}
	return out;
}

const char *
addr_format(char out[ADDR_TEXT_BYTES], const struct addr *a)
{
	if (a->family == 4)
		return format_dotted(out, a->bytes);
	if (a->family == 0 ||
	    inet_ntop(AF_INET6, a->bytes, out, ADDR_TEXT_BYTES) == NULL)
		(void)snprintf(out, ADDR_TEXT_BYTES, "-");
	return out;
}

/* Are all bits from position bits on zero? */
static bool
tail_is_zero(const struct addr *a, unsigned bits)
{
	for (unsigned i = bits; i < addr_length(a) * 8; i++)
		if (a->bytes[i / 8] & (0x80 >> (i % 8)))
			return false;
	return true;
}

bool
prefix_parse(const char *s, struct prefix *out, const char **why)
{
	const char *slash = strchr(s, '/');
	size_t n = slash == NULL ? strlen(s) : (size_t)(slash - s);
	unsigned long bits, most;
	bool narrowed;
	char *end;

	if (!addr_parse((struct text){.at = s, .n = n}, &out->addr)) {
		*why = "not an address";
		return false;
	}
	/* a mapped prefix counts its bits from the IPv6 form */
	narrowed = out->addr.family == 4 && memchr(s, ':', n) != NULL;
	most = (unsigned long)addr_length(&out->addr) * 8;
	bits = most;
	if (slash != NULL) {
		bits = strtoul(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end != '\0') {
			*why = "not a prefix length";
			return false;
		}
		if (narrowed)
			bits = bits >= 96 ? bits - 96 : most + 1;
	}
	if (bits > most) {
		*why = "prefix length out of range";
		return false;
	}
	if (!tail_is_zero(&out->addr, (unsigned)bits)) {
		*why = "bits set behind the prefix length";
		return false;
	}
	out->bits = (uint8_t)bits;
	return true;
}

bool
prefix_holds(const struct prefix *p, const struct addr *a)
{
	size_t whole = p->bits / 8;
	unsigned rest = p->bits % 8;

	if (p->addr.family != a->family ||
	    memcmp(p->addr.bytes, a->bytes, whole) != 0)
		return false;
	return rest == 0 ||
	    ((p->addr.bytes[whole] ^ a->bytes[whole]) >> (8 - rest)) == 0;
}

bool
prefix_covers(const struct prefix *outer, const struct prefix *inner)
{
	return outer->bits <= inner->bits && prefix_holds(outer, &inner->addr);
}

const char *
prefix_format(char out[ADDR_TEXT_BYTES], const struct prefix *p)
{
	size_t n;

	(void)addr_format(out, &p->addr);
	n = strlen(out);
	(void)snprintf(out + n, ADDR_TEXT_BYTES - n, "/%u", p->bits);
	return out;
}

void
prefixes_add(struct arena *a, struct prefixes *list, struct prefix p)
{
	if (list->n == list->cap) {
		size_t cap = list->cap == 0 ? 16 : list->cap * 2;
		struct prefix *at = arena_array(a, cap, sizeof *at);

		if (list->n != 0)
			memcpy(at, list->at, list->n * sizeof *at);
		list->at = at;
		list->cap = cap;
	}
	list->at[list->n++] = p;
}

static struct prefix
special_prefix(size_t i)
{
	struct prefix p;
	const char *why;
	bool ok = prefix_parse(special[i], &p, &why);

	assert(ok);
	return p;
}

void
prefixes_add_special(struct arena *a, struct prefixes *list)
{
	for (size_t i = 0; i < SPECIALS; i++)
		prefixes_add(a, list, special_prefix(i));
}

bool
prefixes_hold(const struct prefixes *list, const struct addr *a)
{
	for (size_t i = 0; i < list->n; i++)
		if (prefix_holds(&list->at[i], a))
			return true;
	return false;
}

const char *
prefixes_missing_special(const struct prefixes *list)
{
	for (size_t i = 0; i < SPECIALS; i++) {
		struct prefix p = special_prefix(i);
		bool covered = false;

		for (size_t k = 0; k < list->n && !covered; k++)
			covered = prefix_covers(&list->at[k], &p);
		if (!covered)
			return special[i];
	}
	return NULL;
}
