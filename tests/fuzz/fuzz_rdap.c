/* RDAP answers from a stranger.  Every mailbox taken is a text of the
 * document; every one accepted is a mailbox; the range holds the address that
 * was asked for; a second reading says the same. */
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hub/lookup/ask.h"
#include "hub/lookup/mailbox.h"
#include "hub/lookup/rdap.h"
#include "proto/base/addr.h"
#include "proto/base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int fact)
{
	if (!fact)
		abort();
}

/* Is the text a string value of the document, at whatever place? */
static int
holds(const json_t *v, struct text t)
{
	const json_t *inner;
	const char *key;
	size_t i;

	json_array_foreach(v, i, inner)
		if (holds(inner, t))
			return 1;
	json_object_foreach((json_t *)(uintptr_t)v, key, inner)
		if (holds(inner, t))
			return 1;
	return json_is_string(v) && text_is(t, json_string_value(v));
}

static void
check_mailboxes(struct arena *a, const struct rdap *r,
    const struct ask_answer *answer, const uint8_t *data, size_t size)
{
	json_t *document = json_loadb((const char *)data, size, 0, NULL);
	struct mailbox m;
	const char *why;

	must(document != NULL);
	for (size_t i = 0; i < r->mailboxes_n; i++)
		must(holds(document, r->mailboxes[i]));
	json_decref(document);
	for (size_t i = 0; i < answer->mailboxes_n; i++) {
		int taken = 0;

		must(mailbox_parse(a, answer->mailboxes[i], &m, &why) ==
		    MAILBOX_GOOD);
		/* whole, but for blanks around and the letters of a domain */
		for (size_t k = 0; k < r->mailboxes_n; k++)
			taken += memmem(r->mailboxes[k].at, r->mailboxes[k].n,
			    m.address, (size_t)(strchr(m.address, '@') -
			                   m.address)) != NULL;
		must(taken != 0);
	}
}

static void
check(struct arena *a, const struct addr *asked, const uint8_t *data,
    size_t size)
{
	struct ask_answer answer = {0};
	struct rdap one, two;
	const char *why;
	enum rdap_result r = rdap_read(a, 200, data, size, asked, &one, &why);

	must(rdap_read(a, 200, data, size, asked, &two, &why) == r);
	must(one.mailboxes_n == two.mailboxes_n && one.asn == two.asn);
	must((r == RDAP_FOUND) == (one.mailboxes_n != 0));
	must((r == RDAP_FOUND) == (why == NULL));
	if (one.start.family != 0) {
		must(r != RDAP_FAILED && one.start.family == asked->family);
		must(memcmp(one.start.bytes, asked->bytes, 16) <= 0);
		must(memcmp(one.end.bytes, asked->bytes, 16) >= 0);
		must(one.start.bytes[0] == one.end.bytes[0]);
	}
	for (size_t i = 0; one.country[0] != '\0' && i < 2; i++)
		must(one.country[i] >= 'A' && one.country[i] <= 'Z');
	rdap_judge(a, r, &one, why, &answer);
	must(r == RDAP_FOUND || answer.mailboxes_n == 0);
	if (r == RDAP_FOUND)
		check_mailboxes(a, &one, &answer, data, size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_open(0);
	struct addr v4, v6;

	must(addr_parse(TEXT("192.0.2.7"), &v4));
	must(addr_parse(TEXT("2001:db8::7"), &v6));
	check(a, &v4, data, size);
	check(a, &v6, data, size);
	arena_close(a);
	return 0;
}
