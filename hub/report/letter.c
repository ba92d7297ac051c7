/* A mail from a case and the settings; see letter.h. */
#include "hub/report/letter.h"

#include <sodium.h>

#include "hub/conf.h"
#include "hub/report/compose.h"
#include "hub/report/report_rows.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/file.h"
#include "proto/base/log.h"

enum { GREETING_MAX_BYTES = 65536, UUID_BYTES = 16 };

int
letter_greeting(const struct hub_conf *conf, struct arena *a,
    struct text *out)
{
	const char *why;

	*out = (struct text){0};
	if (conf->report_greeting[0] == '\0')
		return 0;
	if (file_read(a, conf->report_greeting, GREETING_MAX_BYTES, out,
	        &why) < 0) {
		log_error("cannot read report.greeting %s: %s",
		    conf->report_greeting, why);
		return -1;
	}
	if (!text_is_utf8(out->at, out->n)) {
		log_error("report.greeting %s is not UTF-8",
		    conf->report_greeting);
		return -1;
	}
	return 0;
}

/* A random UUID, RFC 9562 version 4. */
static const char *
make_uuid(struct arena *a)
{
	unsigned char b[UUID_BYTES];

	randombytes_buf(b, sizeof b);
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	return arena_printf(a,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x%02x%02x%02x%02x",
	    b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
	    b[11], b[12], b[13], b[14], b[15]);
}

int
letter_write(const struct hub_conf *conf, struct arena *a,
    struct report_case *c, const char *to, struct text greeting,
    struct composed *out)
{
	struct compose_facts *f = c->facts;
	const char *why;

	f->uuid = make_uuid(a);
	f->made_us = clock_wall_us();
	f->organisation = conf->report_organisation;
	f->from = conf->report_from;
	f->reply_to = conf->report_reply_to;
	f->domain = conf->hub_domain;
	f->to = to;
	f->greeting = greeting;
	if (compose_mail(f, a, out, &why) < 0) {
		log_error("cannot compose contact=%s: %s", to, why);
		return -1;
	}
	return 0;
}
