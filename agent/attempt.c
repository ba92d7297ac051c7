/* Attempts told by several lines; see attempt.h.  A table of small sets, in
 * which the oldest makes room; keys are hashes with a secret of the process,
 * so that nobody can choose logins that meet in one. */
#include "agent/attempt.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/clock.h"
#include "proto/base/die.h"
#include "proto/event.h"

enum {
	SETS = 512, /* a power of two */
	WAYS = 4,
	PAM_S = 15,      /* from PAM's line to that of authentication */
	SESSION_S = 300, /* a login process waits three minutes */
	KEY_TEXT_BYTES = 3 * (EVENT_TEXT_BYTES + 1) + sizeof(struct addr),
};

struct told {
	uint64_t key;
	int64_t time_us;
	uint32_t lines; /* not yet told again; 0: a free place */
};

struct attempts {
	unsigned char secret[crypto_shorthash_KEYBYTES];
	struct told sets[SETS][WAYS];
};

struct attempts *
attempts_open(void)
{
	struct attempts *a = calloc(1, sizeof *a);

	if (a == NULL)
		die(71, "attempt: out of memory");
	randombytes_buf(a->secret, sizeof a->secret);
	return a;
}

void
attempts_close(struct attempts *a)
{
	free(a);
}

static size_t
put(unsigned char *out, size_t at, const void *bytes, size_t n)
{
	if (n > EVENT_TEXT_BYTES)
		n = EVENT_TEXT_BYTES;
	out[at] = (unsigned char)n;
	if (n > 0)
		memcpy(out + at + 1, bytes, n);
	return at + 1 + n;
}

/* Of a session, or, without one, of an address and a login. */
static uint64_t
key_of(const struct attempts *a, const struct event *e, struct text session)
{
	unsigned char bytes[KEY_TEXT_BYTES + 1], hash[crypto_shorthash_BYTES];
	uint64_t key;
	size_t n;

	n = put(bytes, 0, e->host.at, e->host.n);
	n = put(bytes, n, session.at, session.n);
	if (session.n == 0) {
		n = put(bytes, n, e->source.bytes, sizeof e->source.bytes);
		n = put(bytes, n, e->login.at, e->login.n);
	}
	crypto_shorthash(hash, bytes, n, a->secret);
	memcpy(&key, hash, sizeof key);
	return key;
}

static struct told *
find(struct attempts *a, uint64_t key)
{
	struct told *set = a->sets[key & (SETS - 1)];

	for (size_t i = 0; i < WAYS; i++)
		if (set[i].lines > 0 && set[i].key == key)
			return &set[i];
	return NULL;
}

static void
remember(struct attempts *a, uint64_t key, int64_t time_us, int64_t kept_s)
{
	struct told *set = a->sets[key & (SETS - 1)], *oldest = set;
	struct told *t = find(a, key);

	if (t != NULL) {
		if (time_us - t->time_us > kept_s * CLOCK_SECOND_US)
			t->lines = 0;
		t->time_us = time_us;
		t->lines++;
		return;
	}
	for (size_t i = 0; i < WAYS; i++)
		if (set[i].lines == 0 || (oldest->lines > 0 &&
					     set[i].time_us < oldest->time_us))
			oldest = &set[i];
	*oldest = (struct told){.key = key, .time_us = time_us, .lines = 1};
}

/* What is remembered with this key and not too old. */
static struct told *
fresh(struct attempts *a, uint64_t key, int64_t time_us, int64_t kept_s)
{
	struct told *t = find(a, key);

	if (t == NULL || time_us - t->time_us > kept_s * CLOCK_SECOND_US ||
	    t->time_us - time_us > kept_s * CLOCK_SECOND_US)
		return NULL;
	return t;
}

bool
attempts_is_told(struct attempts *a, enum rule_attempt line,
    const struct event *e, struct text session)
{
	uint64_t pam = key_of(a, e, (struct text){0});
	int64_t kept_s = line == RULE_ALL_ATTEMPTS ? SESSION_S : PAM_S;
	struct told *told = NULL;

	if (line == RULE_FIRST_LINE) {
		remember(a, pam, e->time_us, SESSION_S);
		return false;
	}
	if (line == RULE_ALL_ATTEMPTS && session.n > 0)
		told = fresh(a, key_of(a, e, session), e->time_us, SESSION_S);
	if (told != NULL)
		return true;
	told = fresh(a, pam, e->time_us, kept_s);
	if (told != NULL)
		told->lines = line == RULE_ALL_ATTEMPTS ? 0 : told->lines - 1;
	if (line == RULE_ONE_ATTEMPT && session.n > 0)
		remember(a, key_of(a, e, session), e->time_us, SESSION_S);
	return told != NULL;
}
