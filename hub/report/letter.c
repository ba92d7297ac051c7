/* A mail from a case and the settings; see letter.h. */
#include "hub/report/letter.h"

#include <sodium.h>

#include "hub/bounce/hear.h"
#include "hub/conf.h"
#include "hub/report/compose.h"
#include "hub/report/greetings.h"
#include "hub/report/redact.h"
#include "hub/report/report_rows.h"
#include "hub/report/token_key.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

static int
read_secret(const struct hub_conf *conf, bool strict, struct letter *l)
{
	const char *path = conf->report_token_key, *why;

	_Static_assert((int)TOKEN_KEY_BYTES == (int)COMPOSE_SECRET_BYTES,
	    "one key");
	if (token_key_load(path, l->secret, &why) == 0)
		return 0;
	if (strict) {
		log_error("cannot use report.token_key %s: %s", path, why);
		return -1;
	}
	log_warning("cannot use report.token_key %s: %s; the tokens of a "
	            "preview are others than the report's", path, why);
	randombytes_buf(l->secret, sizeof l->secret);
	return 0;
}

/* A preview needs no address of its own: nothing of it comes back. */
static int
read_verp(const struct hub_conf *conf, bool strict, struct letter *l)
{
	struct hear h;

	if (conf->bounce_address[0] == '\0' || !strict)
		return 0;
	if (hear_open(&h, conf) < 0)
		return -1;
	l->listens = true;
	l->verp = h.key;
	return 0;
}

int
letter_load(const struct hub_conf *conf, const struct greetings *greetings,
    bool strict, struct letter *out)
{
	*out = (struct letter){.conf = conf, .greetings = greetings};
	if (read_verp(conf, strict, out) < 0)
		return -1;
	return read_secret(conf, strict, out);
}

static const char *
make_uuid(struct arena *a)
{
	unsigned char b[REDACT_UUID_RAW_BYTES];
	char s[REDACT_UUID_BYTES];

	randombytes_buf(b, sizeof b);
	return arena_string(a, redact_uuid_text(s, b));
}

static const char *
sender_of(const struct letter *l, struct arena *a, const char *uuid)
{
	struct verp_place place = hear_place(l->conf);

	return verp_address(a, &l->verp, &place, uuid);
}

int
letter_write(const struct letter *l, struct arena *a, struct report_case *c,
    const char *to, struct composed *out)
{
	const struct hub_conf *conf = l->conf;
	struct compose_facts *f = c->facts;
	const char *why, *sender = NULL;

	f->contact = c->contact;
	f->secret = l->secret;
	f->uuid = make_uuid(a);
	f->made_us = clock_wall_us();
	f->organisation = conf->report_organisation;
	f->from = conf->report_from;
	f->reply_to = conf->report_reply_to;
	f->domain = conf->hub_domain;
	f->to = to;
	if (l->listens)
		sender = sender_of(l, a, f->uuid);
	if (l->listens && conf->bounce_replies)
		f->reply_to = sender;
	if (f->greeting.at == NULL)
		f->greeting = greetings_choose(l->greetings, f);
	f->xarf_max = (size_t)conf->report_xarf_max;
	f->xarf_max_bytes = (size_t)conf->report_xarf_max_bytes;
	if (compose_mails(f, a, out, &why) < 0) {
		log_error("cannot compose contact=%s: %s", to, why);
		return -1;
	}
	out->sender = sender;
	return 0;
}
