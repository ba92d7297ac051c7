/* Where web requests may go; see web_guard.h. */
#include "hub/lookup/web_guard.h"

#include <stddef.h>

#include "proto/base/addr.h"
#include "proto/base/arena.h"

const char *
web_guard_schemes(void)
{
	return "https";
}

static bool
is_special(const struct addr *to)
{
	struct arena *a = arena_open(0);
	struct prefixes special = {0};
	bool held;

	prefixes_add_special(a, &special);
	held = prefixes_hold(&special, to);
	arena_close(a);
	return held;
}

bool
web_guard_allows(const struct prefixes *inside, const struct addr *to)
{
	if (addr_length(to) == 0)
		return false;
	if (prefixes_hold(inside, to))
		return true;
	/* beyond 2000::/3 nothing is public yet (RFC 4291 2.4), and there
	 * are forms there that once stood for IPv4 addresses */
	if (to->family == 6 && (to->bytes[0] & 0xe0) != 0x20)
		return false;
	return !is_special(to);
}
