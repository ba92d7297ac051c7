/* Which host takes the mail of a domain; see mx.h. */
#include "hub/lookup/mx.h"

#include <stdbool.h>
#include <string.h>

#include "hub/lookup/ask.h"
#include "hub/lookup/message.h"
#include "proto/base/arena.h"
#include "proto/base/text.h"

enum { PREFERENCE_BYTES = 2 };

/* The best record so far. */
struct best {
	bool any;
	unsigned preference;
	char name[MESSAGE_NAME_BYTES];
};

static void
weigh(struct best *b, unsigned preference,
    const char name[MESSAGE_NAME_BYTES])
{
	if (b->any && (preference > b->preference ||
	        (preference == b->preference && strcmp(name, b->name) >= 0)))
		return;
	b->any = true;
	b->preference = preference;
	memcpy(b->name, name, MESSAGE_NAME_BYTES);
}

/* All records are read, also when the first would do: one that is malformed
 * shows that the answer is not to be trusted. */
static enum mx_result
choose(const void *message, size_t n, const struct message_answer *answer,
    struct best *best, const char **why)
{
	for (size_t i = 0; i < answer->n; i++) {
		const struct message_data *d = &answer->at[i];
		char name[MESSAGE_NAME_BYTES] = "";

		*why = "malformed MX record";
		if (!message_name(message, n, d, PREFERENCE_BYTES, name))
			return MX_FAILED;
		text_lower(name);
		*why = "domain takes no mail";
		if (name[0] == '\0' && answer->n == 1)
			return MX_NO_MAIL;
		*why = "mail host is no host name";
		if (!text_is_domain(name, ASK_NAME_BYTES))
			return MX_FAILED;
		weigh(best, (unsigned)d->at[0] << 8 | d->at[1], name);
	}
	*why = NULL;
	return MX_HOST;
}

enum mx_result
mx_parse(struct arena *a, const void *message, size_t n, const char *domain,
    const char **host, const char **why)
{
	struct message_answer answer;
	struct best best = {.any = false};
	enum mx_result r;

	*host = NULL;
	switch (message_parse(a, message, n, domain, MESSAGE_MX, &answer,
	    why)) {
	case MESSAGE_FAILED:
		return MX_FAILED;
	case MESSAGE_NO_NAME:
	case MESSAGE_NO_RECORD:
		*host = domain;
		*why = NULL;
		return MX_HOST;
	case MESSAGE_ANSWERED:
		break;
	}
	r = choose(message, n, &answer, &best, why);
	if (r == MX_HOST)
		*host = arena_string(a, best.name);
	return r;
}
