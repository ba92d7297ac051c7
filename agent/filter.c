/* Filtering events; see filter.h. */
#include "agent/filter.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "agent/signs.h"
#include "proto/base/clock.h"
#include "proto/base/die.h"

enum { LOGINS = 4096 };
#define LOGIN_US (3600 * CLOCK_SECOND_US)

struct filter {
	struct filter_options o;
	/* one place a hash: a collision sends a login twice, no more */
	struct {
		uint64_t hash;
		int64_t time_us;
	} seen[LOGINS];
};

struct filter *
filter_open(const struct filter_options *o)
{
	struct filter *f = calloc(1, sizeof *f);

	if (f == NULL)
		die(EX_OSERR, "out of memory");
	f->o = *o;
	return f;
}

void
filter_close(struct filter *f)
{
	free(f);
}

void
filter_forget(struct filter *f)
{
	memset(f->seen, 0, sizeof f->seen);
}

static bool
is_own(const struct filter *f, const struct addr *a)
{
	for (size_t i = 0; i < f->o.address_count; i++)
		if (addr_equal(&f->o.addresses[i], a))
			return true;
	return false;
}

/* Eight bytes at a time, the last ones perhaps twice, and the length, so that
 * parts do not run together. */
static uint64_t
hash(uint64_t h, const void *bytes, size_t n)
{
	const char *s = bytes;
	uint64_t word;

	h ^= n;
	for (size_t i = 0; i < n; i += SIGNS_WORD) {
		word = n - i >= SIGNS_WORD ? signs_load(s + i)
		                           : signs_load_last(s, n);
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	return h;
}

static bool
is_repeated_login(struct filter *f, const struct event *e)
{
	uint64_t h = hash(1, e->source.bytes, sizeof e->source.bytes);
	size_t i;

	h = hash(h, e->login.at, e->login.n);
	i = (size_t)((h ^ h >> 32) % LOGINS);
	if (f->seen[i].hash == h && e->time_us - f->seen[i].time_us < LOGIN_US
	    && e->time_us >= f->seen[i].time_us)
		return true;
	f->seen[i].hash = h;
	f->seen[i].time_us = e->time_us;
	return false;
}

enum filter_verdict
filter_judge(struct filter *f, const struct event *e)
{
	if (e->source.family == 0)
		return FILTER_UNREPORTABLE;
	/* accuses nobody, and the hub has to know of it: most of those who
	 * meet our own outage are our own users */
	if (e->kind == KIND_BACKEND_FAILURE)
		return FILTER_SEND;
	if (is_own(f, &e->source) ||
	    prefixes_hold(f->o.unreportable, &e->source) ||
	    prefixes_hold(f->o.own, &e->source))
		return FILTER_UNREPORTABLE;
	if (e->kind == KIND_LOGIN_SUCCESS && is_repeated_login(f, e))
		return FILTER_WITHHELD;
	return FILTER_SEND;
}

static bool
ends_with(struct text t, struct text end)
{
	return t.at != NULL && t.n >= end.n &&
	    memcmp(t.at + t.n - end.n, end.at, end.n) == 0;
}

/* Master.cf names services as it likes; these names mean these ports. */
static uint16_t
port_of(struct text service)
{
	size_t slashes = 0, start = 0;
	bool tls = false, submission = false;

	/* most are this one */
	if (text_equal(service, TEXT("postfix/smtpd")))
		return 25;
	if (!ends_with(service, TEXT("smtpd")))
		return EVENT_NO_PORT;
	for (size_t i = 0; i < service.n; i++) {
		struct text part = {
		    .at = service.at + start, .n = i - start};

		if (service.at[i] != '/')
			continue;
		if (slashes > 0) {
			tls |= text_is(part, "submissions") ||
			       text_is(part, "smtps");
			submission |= text_is(part, "submission");
		}
		slashes++;
		start = i + 1;
	}
	if (tls)
		return 465;
	if (submission)
		return 587;
	return slashes > 1 ? EVENT_NO_PORT : 25;
}

void
filter_complete(const struct filter *f, struct event *e)
{
	for (size_t i = 0; i < f->o.address_count && e->local.family == 0;
	     i++)
		if (f->o.addresses[i].family == e->source.family)
			e->local = f->o.addresses[i];
	if (e->local_port == EVENT_NO_PORT)
		e->local_port = port_of(e->service);
}
