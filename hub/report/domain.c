/* Registrable domains; see domain.h. */
#include "hub/report/domain.h"

#include <libpsl.h>
#include <string.h>

#include "proto/base/arena.h"

const char *
domain_of(const char *mailbox, struct arena *a)
{
	const char *at = strrchr(mailbox, '@');
	const char *domain = at == NULL ? mailbox : at + 1;
	const psl_ctx_t *psl = psl_builtin();
	const char *found = psl == NULL ? NULL
	                                : psl_registrable_domain(psl, domain);

	return arena_string(a, found == NULL ? domain : found);
}
