/*
 * A rules file, any bytes: no crash, no overread, and whatever is refused is
 * refused with a complaint.
 */
#include <stdint.h>
#include <stdlib.h>

#include "agent/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rules *r = rules_new();
	struct buf errors = {0};
	int result = rules_add(r, "fuzz",
	    (struct text){.at = (const char *)data, .n = size}, &errors);

	if (result == 0)
		result = rules_check(r, &errors);
	if ((result == 0) != (errors.n == 0))
		abort();
	buf_free(&errors);
	rules_close(r);
	return 0;
}
