/* DNS messages from a stranger.  What is taken for an answer holds texts that
 * are in the message, and a second reading says the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "hub/lookup/ask.h"
#include "hub/lookup/judge.h"
#include "hub/lookup/txt.h"
#include "proto/base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int fact)
{
	if (!fact)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char name[] = "7.113.0.203.contacts.example";
	struct arena *a = arena_open(0);
	struct ask_answer answer = {.method = ASK_ABUSIX};
	struct txt one, two;
	const char *why;
	enum txt_result r = txt_parse(a, data, size, name, &one, &why);
	size_t bytes = 0;

	must(txt_parse(a, data, size, name, &two, &why) == r);
	must(one.n == two.n && (r == TXT_ANSWERED) == (one.n != 0));
	must((r == TXT_ANSWERED) == (why == NULL));
	for (size_t i = 0; i < one.n; i++) {
		bytes += one.at[i].n;
		must(text_equal(one.at[i], two.at[i]));
	}
	/* each record is at a place of its own */
	must(bytes <= size);
	must(one.ttl_s <= INT32_MAX);
	judge_texts(a, one.at, one.n, &answer);
	arena_close(a);
	return 0;
}
