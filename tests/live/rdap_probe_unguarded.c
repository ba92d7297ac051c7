/*
 * In place of web_guard.c: goes wherever it is sent.  What test_rdap.py then
 * finds shows that the guard, and nothing else, keeps the hub from there.
 */
#include "hub/lookup/web_guard.h"

const char *
web_guard_schemes(void)
{
	return "https,http,file,gopher";
}

bool
web_guard_allows(const struct prefixes *inside, const struct addr *to)
{
	(void)inside;
	(void)to;
	return true;
}
