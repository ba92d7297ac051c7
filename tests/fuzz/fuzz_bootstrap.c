/* Bootstrap documents from a stranger: servers speak https and nothing can
 * creep into a question; prefixes are canonical, each there once; the longest
 * is found. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hub/lookup/bootstrap.h"
#include "proto/base/addr.h"
#include "proto/base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int fact)
{
	if (!fact)
		abort();
}

static void
check_entry(struct arena *a, const struct bootstrap *b, size_t i, int family)
{
	const struct bootstrap_entry *e = &b->at[i], *found;
	char text[ADDR_TEXT_BYTES];
	struct prefix again;
	const char *why, *question;

	must(e->prefix.addr.family == family);
	must(prefix_parse(prefix_format(text, &e->prefix), &again, &why));
	must(addr_equal(&again.addr, &e->prefix.addr));
	must(again.bits == e->prefix.bits);
	must(strncmp(e->url, "https://", 8) == 0);
	question = bootstrap_question(a, e->url, &e->prefix.addr);
	must(question[strspn(question, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/[]!$&'()*+,;=%")] ==
	    '\0');
	found = bootstrap_find(b, &e->prefix.addr);
	must(found != NULL && found->prefix.bits >= e->prefix.bits);
	must(prefix_holds(&found->prefix, &e->prefix.addr));
	for (size_t k = 0; k < i && k < 50; k++)
		must(!addr_equal(&b->at[k].prefix.addr, &e->prefix.addr) ||
		    b->at[k].prefix.bits != e->prefix.bits);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_open(0);
	int good = 0;

	for (int family = 4; family <= 6; family += 2) {
		struct bootstrap b;
		const char *why;

		if (!bootstrap_read(a, data, size, family, &b, &why)) {
			must(b.n == 0 && why != NULL);
			continue;
		}
		good++;
		must(b.n != 0 && why == NULL);
		for (size_t i = 0; i < b.n && i < 50; i++)
			check_entry(a, &b, i, family);
	}
	must(good < 2);
	arena_close(a);
	return 0;
}
