/* TXT answers; see txt.h. */
#include "hub/lookup/txt.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/lookup/message.h"
#include "proto/base/addr.h"
#include "proto/base/arena.h"

_Static_assert(TXT_NAME_BYTES == MESSAGE_NAME_BYTES, "one length of a name");

/* The strings of one record joined (RFC 7208 3.3 does the same). */
static bool
join(struct arena *a, const struct message_data *r, struct text *out)
{
	const uint8_t *s = r->at;
	char *joined = arena_alloc(a, r->n + 1);
	size_t used = 0;

	for (size_t i = 0; i < r->n; i += (size_t)s[i] + 1) {
		if (r->n - i - 1 < s[i])
			return false;
		memcpy(joined + used, s + i + 1, s[i]);
		used += s[i];
	}
	*out = (struct text){.at = joined, .n = used};
	return r->n != 0;
}

static int
by_bytes(const void *one, const void *two)
{
	const struct text *a = one, *b = two;
	int order = memcmp(a->at, b->at, a->n < b->n ? a->n : b->n);

	return order != 0 ? order : (a->n > b->n) - (a->n < b->n);
}

static bool
join_all(struct arena *a, const struct message_answer *answer,
    struct txt *out)
{
	out->at = arena_array(a, answer->n, sizeof *out->at);
	out->ttl_s = answer->ttl_s;
	for (size_t i = 0; i < answer->n; i++)
		if (!join(a, &answer->at[i], &out->at[out->n++]))
			return false;
	qsort(out->at, out->n, sizeof *out->at, by_bytes);
	return true;
}

enum txt_result
txt_parse(struct arena *a, const void *message, size_t n, const char *name,
    struct txt *out, const char **why)
{
	struct message_answer answer;

	*out = (struct txt){0};
	switch (message_parse(a, message, n, name, MESSAGE_TXT, &answer,
	    why)) {
	case MESSAGE_ANSWERED:
		break;
	case MESSAGE_NO_NAME:
		return TXT_ABSENT;
	case MESSAGE_NO_RECORD:
		*why = "no text at that name";
		return TXT_ABSENT;
	case MESSAGE_FAILED:
		return TXT_FAILED;
	}
	if (join_all(a, &answer, out))
		return TXT_ANSWERED;
	*why = "malformed text record";
	*out = (struct txt){0};
	return TXT_FAILED;
}

const char *
txt_zone(struct arena *a, const char *zone, const char **why)
{
	char *s = arena_string(a, zone);
	size_t n = strlen(s);

	if (n > 0 && s[n - 1] == '.')
		s[--n] = '\0';
	text_lower(s);
	*why = "it is empty or over 188 bytes";
	if (n == 0 || n > TXT_ZONE_BYTES)
		return NULL;
	*why = "it is no domain name";
	return text_is_domain(s, TXT_ZONE_BYTES) ? s : NULL;
}

const char *
txt_question(char out[TXT_NAME_BYTES], const struct addr *address,
    const char *zone)
{
	size_t used = 0;

	for (size_t i = addr_length(address); i-- > 0;) {
		unsigned byte = address->bytes[i];

		if (address->family == 4)
			used += (size_t)snprintf(out + used,
			    TXT_NAME_BYTES - used, "%u.", byte);
		else
			used += (size_t)snprintf(out + used,
			    TXT_NAME_BYTES - used, "%x.%x.", byte & 15,
			    byte >> 4);
	}
	(void)snprintf(out + used, TXT_NAME_BYTES - used, "%s", zone);
	return out;
}
