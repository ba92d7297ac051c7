/* DNS messages from a stranger, as answers to an MX question.  What is taken
 * for a mail host is a plain name no longer than a name can be, the domain
 * itself or a name in the message, and a second reading says the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hub/lookup/mx.h"
#include "proto/base/arena.h"
#include "proto/base/text.h"

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
	static const char domain[] = "isp.example";
	struct arena *a = arena_open(0);
	const char *one, *two, *why;
	enum mx_result r = mx_parse(a, data, size, domain, &one, &why);

	must((r == MX_HOST) == (one != NULL) && (r == MX_HOST) == !why);
	must(mx_parse(a, data, size, domain, &two, &why) == r);
	must(r != MX_HOST || strcmp(one, two) == 0);
	must(r != MX_HOST || text_is_domain(one, 253));
	arena_close(a);
	return 0;
}
