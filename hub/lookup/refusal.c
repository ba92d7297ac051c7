/* Mailboxes that nobody should mail; see refusal.h. */
#include "hub/lookup/refusal.h"

#include <string.h>

#include "hub/lookup/mailbox.h"
#include "proto/base/arena.h"

/* A whole mailbox of which only a part is the pattern. */
static const char *
part(struct arena *a, const char *s, const char *filled, const char **why)
{
	struct mailbox m;
	const char *at = strchr(s, '@');

	if (mailbox_parse(a, text_of(filled), &m, why) == MAILBOX_MALFORMED)
		return NULL;
	*why = NULL;
	if (at == s)
		return arena_printf(a, "@%s", m.domain);
	if (at[1] == '\0')
		return arena_printf(a, "%.*s", (int)(strchr(m.key, '@') + 1 -
		        m.key), m.key);
	return m.key;
}

const char *
refusal_pattern(struct arena *a, const char *s, const char **why)
{
	const char *at = strchr(s, '@');

	*why = "no @: write local@domain, @domain or local@";
	if (at == NULL)
		return NULL;
	*why = "neither a local part nor a domain";
	if (s[0] == '@' && s[1] == '\0')
		return NULL;
	if (at == s)
		return part(a, s, arena_printf(a, "x%s", s), why);
	if (at[1] == '\0')
		return part(a, s, arena_printf(a, "%sx.example", s), why);
	return part(a, s, s, why);
}

static bool
meets(const char *pattern, const struct mailbox *m)
{
	size_t n = strlen(pattern);

	if (pattern[0] == '@')
		return mailbox_is_within(m, pattern + 1);
	if (n != 0 && pattern[n - 1] == '@')
		return strncmp(m->key, pattern, n) == 0;
	return strcmp(m->key, pattern) == 0;
}

const char *
refusal_why(const struct refusal *list, size_t n, const struct mailbox *m)
{
	for (size_t i = 0; i < n; i++)
		if (meets(list[i].pattern, m))
			return list[i].why;
	return NULL;
}
