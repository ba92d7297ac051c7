/* The pace of each server; see pace.h. */
#include "hub/lookup/pace.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/die.h"

struct host {
	char name[256]; /* "": free */
	uint32_t active;
	uint32_t failures; /* in a row */
	int64_t next_ms;   /* no transfer begins before */
	int64_t held_ms;   /* nor before this, and nobody waits for it */
	int64_t used_ms;
};

struct pace {
	struct pace_rule rule;
	struct host hosts[PACE_HOSTS];
};

struct pace *
pace_open(const struct pace_rule *rule)
{
	struct pace *p = calloc(1, sizeof *p);

	if (p == NULL)
		die(EX_OSERR, "out of memory");
	assert(rule->parallel != 0);
	p->rule = *rule;
	return p;
}

void
pace_close(struct pace *p)
{
	free(p);
}

static struct host *
find(struct pace *p, const char *host)
{
	for (size_t i = 0; i < PACE_HOSTS; i++)
		if (p->hosts[i].name[0] != '\0' &&
		    strncmp(p->hosts[i].name, host,
		        sizeof p->hosts[i].name - 1) == 0)
			return &p->hosts[i];
	return NULL;
}

/* Which of two should rather be forgotten?  Never one with a transfer under
 * way; rather one without a pause; rather the one used longest ago.  Whoever
 * redirects us to ever new hosts must not make us forget a pause while
 * another host can be forgotten. */
static bool
is_worse(const struct host *a, const struct host *b, int64_t now_ms)
{
	bool a_held = a->held_ms > now_ms, b_held = b->held_ms > now_ms;

	if (a->active != 0 || b->active != 0)
		return a->active == 0;
	if (a_held != b_held)
		return !a_held;
	return a_held ? a->held_ms < b->held_ms : a->used_ms < b->used_ms;
}

static struct host *
find_or_add(struct pace *p, const char *host, int64_t now_ms)
{
	struct host *h = find(p, host), *worst = &p->hosts[0];

	if (h != NULL)
		return h;
	for (size_t i = 0; i < PACE_HOSTS; i++) {
		h = &p->hosts[i];
		if (h->name[0] == '\0') {
			worst = h;
			break;
		}
		if (is_worse(h, worst, now_ms))
			worst = h;
	}
	assert(host[0] != '\0' && worst->active == 0);
	*worst = (struct host){.used_ms = now_ms};
	(void)snprintf(worst->name, sizeof worst->name, "%s", host);
	return worst;
}

enum pace_turn
pace_ask(struct pace *p, const char *host, int64_t now_ms, int64_t *until_ms)
{
	const struct host *h = find(p, host);

	if (h == NULL)
		return PACE_NOW;
	*until_ms = h->held_ms;
	if (h->held_ms > now_ms)
		return PACE_HELD;
	*until_ms = INT64_MAX;
	if (h->active >= p->rule.parallel)
		return PACE_WAIT;
	*until_ms = h->next_ms;
	return h->next_ms > now_ms ? PACE_WAIT : PACE_NOW;
}

void
pace_begin(struct pace *p, const char *host, int64_t now_ms)
{
	struct host *h = find_or_add(p, host, now_ms);

	h->active++;
	h->used_ms = now_ms;
	h->next_ms = now_ms + p->rule.interval_ms;
}

void
pace_hold(struct pace *p, const char *host, int64_t until_ms)
{
	struct host *h = find(p, host);

	assert(h != NULL);
	if (until_ms > h->held_ms)
		h->held_ms = until_ms;
}

void
pace_end(struct pace *p, const char *host, bool answered, int64_t now_ms)
{
	struct host *h = find(p, host);

	assert(h != NULL && h->active != 0);
	h->active--;
	h->failures = answered ? 0 : h->failures + 1;
	if (h->failures < PACE_FAILURES)
		return;
	/* one more may try when the rest is over */
	h->failures = PACE_FAILURES - 1;
	if (h->held_ms < now_ms + p->rule.rest_ms)
		h->held_ms = now_ms + p->rule.rest_ms;
}
