/* XARF documents; see xarf.h. */
#include "hub/report/xarf.h"

#include <assert.h>
#include <glib.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "hub/report/compose.h"
#include "hub/report/entry.h"
#include "hub/report/wording.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

enum {
	EVIDENCE_LINES = 200, /* of one document: under 32 KiB */
	LINE_BYTES = 128,      /* so many have one of them, */
	DOCUMENT_BYTES = 2048, /* and the rest, at most times */
	ORG_MAX_CHARS = 200,
	PORT_SMTP = 25,
	PORT_SUBMISSIONS = 465,
	PORT_SUBMISSION = 587,
};

/* What the schema calls it. */
enum type { LOGIN_ATTACK, RECONNAISSANCE, VULNERABILITY_SCAN };

struct document {
	const struct compose_facts *f;
	const struct compose_source *s;
	const struct entries *e; /* the source's, too */
	size_t index;
	enum kind kind; /* the one that the document is about */
	enum type type;
	const struct compose_event *event; /* gives ports and our address;
	                                      NULL: none is known */
	const struct entry *entry; /* the same as text */
	struct buf out;
	size_t depth; /* of brackets that are open */
};

/* Members are written one after the other, each on a line of its own, so
 * that a person can read the attachment, too.  Line ends are written here
 * alone: what strings hold of control characters is escaped (buf_json).  So a
 * document can go in a mail as it is: every line begins with a blank or a
 * bracket and ends with neither blank nor CR, and none is a boundary, a lone
 * "." or begins with "From ". */
static void
indent(struct document *d)
{
	static const char blanks[] = "\n      ";

	assert(d->depth < sizeof blanks - 1);
	buf_add(&d->out, blanks, 1 + d->depth);
}

static void
line(struct document *d)
{
	const char last = d->out.data[d->out.n - 1];

	if (last != '{' && last != '[')
		buf_putc(&d->out, ',');
	indent(d);
}

static void
name(struct document *d, const char *key)
{
	line(d);
	buf_putc(&d->out, '"');
	buf_puts(&d->out, key);
	buf_puts(&d->out, "\": ");
}

/* After name(), or line() in a list. */
static void
open_with(struct document *d, char bracket)
{
	buf_putc(&d->out, bracket);
	d->depth++;
}

static void
close_with(struct document *d, char bracket)
{
	d->depth--;
	indent(d);
	buf_putc(&d->out, bracket);
}

static void
text(struct document *d, const char *s, size_t n)
{
	buf_putc(&d->out, '"');
	buf_json(&d->out, s, n);
	buf_putc(&d->out, '"');
}

static void
put_string(struct document *d, const char *key, const char *s)
{
	name(d, key);
	text(d, s, strlen(s));
}

static void
put_number(struct document *d, const char *key, int64_t n)
{
	name(d, key);
	buf_number(&d->out, n);
}

static void
put_list_of(struct document *d, const char *key, const char *s)
{
	name(d, key);
	open_with(d, '[');
	line(d);
	text(d, s, strlen(s));
	close_with(d, ']');
}

/* The latest event of the kind that knows most: a source port before our
 * address, our address before nothing. */
static const struct compose_event *
choose(const struct compose_source *s, enum kind kind)
{
	const struct compose_event *best = NULL;
	int most = -1;

	for (size_t i = 0; i < s->line_count; i++) {
		const struct compose_event *e = &s->lines[i];
		int knows = 2 * (e->port != 0) + (e->destination.family != 0);

		if (e->kind == kind && knows >= most) {
			best = e;
			most = knows;
		}
	}
	return best;
}

static enum kind
main_kind(const struct compose_source *s)
{
	int best = KIND_NONE;

	if (s->kinds[KIND_AUTH_FAILURE] != 0)
		return KIND_AUTH_FAILURE;
	if (s->kinds[KIND_RELAY_DENIED] != 0)
		return KIND_RELAY_DENIED;
	for (int k = 0; k < KIND_COUNT; k++)
		if (s->kinds[k] > s->kinds[best])
			best = k;
	return (enum kind)best;
}

static void
settle_type(struct document *d)
{
	d->kind = main_kind(d->s);
	d->event = choose(d->s, d->kind);
	if (d->event != NULL)
		d->entry = &d->e->at[d->event - d->s->lines];
	if (d->kind == KIND_RELAY_DENIED)
		d->type = VULNERABILITY_SCAN;
	else if (d->kind == KIND_AUTH_FAILURE && d->event != NULL &&
	    d->event->port != 0)
		d->type = LOGIN_ATTACK;
	else
		d->type = RECONNAISSANCE;
}

static const char *
service_of(const struct document *d)
{
	if (d->entry == NULL || strcmp(d->entry->service, "-") == 0)
		return NULL;
	return d->entry->service;
}

/* Ours, by the log line or by what the service must have; 0: unknown. */
static int
our_port(const struct document *d)
{
	const char *service = service_of(d);

	if (d->event != NULL && d->event->destination_port != 0)
		return d->event->destination_port;
	if (service == NULL)
		return 0;
	if (strcmp(service, "smtp") == 0)
		return PORT_SMTP;
	if (strcmp(service, "submissions") == 0)
		return PORT_SUBMISSIONS;
	return strcmp(service, "submission") == 0 ? PORT_SUBMISSION : 0;
}

static void
put_party(struct document *d, const char *key)
{
	const struct compose_facts *f = d->f;
	const char *org = f->organisation[0] == '\0' ? f->domain
	                                             : f->organisation;
	const size_t all = strlen(org);
	size_t n = all, chars = 0;

	if (all > ORG_MAX_CHARS)
		for (n = 0; n < all && chars < ORG_MAX_CHARS; chars++) {
			size_t step = text_utf8_length(org + n, all - n);

			n += step == 0 ? 1 : step;
		}
	name(d, key);
	open_with(d, '{');
	name(d, "org");
	text(d, org, n);
	put_string(d, "contact", f->reply_to);
	put_string(d, "domain", f->domain);
	close_with(d, '}');
}

static void
core(struct document *d)
{
	static const char *const types[] = {
	    [LOGIN_ATTACK] = "login_attack",
	    [RECONNAISSANCE] = "reconnaissance",
	    [VULNERABILITY_SCAN] = "vulnerability_scan",
	};
	char uuid[REDACT_UUID_BYTES];

	put_string(d, "xarf_version", XARF_VERSION);
	put_string(d, "report_id", redact_uuid(uuid, d->f, d->index));
	put_string(d, "timestamp", d->e->last);
	put_party(d, "reporter");
	put_party(d, "sender");
	put_string(d, "source_identifier", d->e->source);
	if (d->event != NULL && d->event->port != 0)
		put_number(d, "source_port", d->event->port);
	put_string(d, "category", "connection");
	put_string(d, "type", types[d->type]);
	put_string(d, "evidence_source", "automated_filter");
	/* an established connection leaves no doubt about the address; a
	 * second server of ours little about the intent */
	name(d, "confidence");
	buf_puts(&d->out, d->s->hosts > 1 ? "0.95" : "0.85");
}

static void
connection(struct document *d)
{
	int port = our_port(d);

	put_string(d, "protocol", "tcp");
	if (d->event != NULL && d->event->destination.family != 0)
		put_string(d, "destination_ip", d->entry->destination);
	if (port != 0 && d->type != VULNERABILITY_SCAN)
		put_number(d, "destination_port", port);
	put_string(d, "first_seen", d->e->first);
	put_string(d, "last_seen", d->e->last);
	if (service_of(d) != NULL)
		put_string(d, "service", service_of(d));
}

static void
scan(struct document *d)
{
	const char *service = service_of(d);

	put_string(d, "scan_type", "vulnerability_scan");
	if (our_port(d) != 0) {
		name(d, "targeted_ports");
		buf_printf(&d->out, "[%d]", our_port(d));
	}
	put_list_of(d, "targeted_services",
	    service == NULL ? "smtp" : service);
	put_list_of(d, "vulnerabilities_probed", "open mail relay");
}

/* What each type has of its own. */
static void
particulars(struct document *d)
{
	int64_t of_kind = d->s->kinds[d->kind];

	switch (d->type) {
	case LOGIN_ATTACK:
		put_number(d, "attempt_count", of_kind);
		break;
	case RECONNAISSANCE:
		put_list_of(d, "probed_resources",
		    d->kind == KIND_AUTH_FAILURE ? "mail login (AUTH)"
		                                 : "mail server");
		put_list_of(d, "resource_categories", "other");
		put_number(d, "total_probes", of_kind);
		break;
	case VULNERABILITY_SCAN:
		scan(d);
		put_number(d, "total_requests", of_kind);
		break;
	}
}

static void
tag(struct document *d, const char *name_space, const char *value)
{
	line(d);
	buf_putc(&d->out, '"');
	buf_puts(&d->out, name_space);
	buf_putc(&d->out, ':');
	buf_puts(&d->out, value);
	buf_putc(&d->out, '"');
}

static void
tags(struct document *d)
{
	name(d, "tags");
	open_with(d, '[');
	if (service_of(d) != NULL)
		tag(d, "service", service_of(d));
	if (d->s->kinds[KIND_AUTH_FAILURE] != 0)
		tag(d, "attack", "brute-force");
	if (d->s->kinds[KIND_RELAY_DENIED] != 0)
		tag(d, "attack", "open-relay-probe");
	if (d->s->again)
		tag(d, "case", "again-after-fix");
	close_with(d, ']');
}

/* Beyond the schema, as it allows: all that the text says in numbers. */
static void
all_counts(struct document *d)
{
	name(d, "event_counts");
	open_with(d, '{');
	for (int k = 0; k < KIND_COUNT; k++)
		if (d->s->kinds[k] != 0)
			put_number(d, wording_kind((enum kind)k),
			    d->s->kinds[k]);
	close_with(d, '}');
	put_number(d, "event_total", d->s->events);
	put_number(d, "reporting_servers", d->s->hosts);
	put_string(d, "report_reference", d->f->uuid);
}

static void
description(struct document *d)
{
	struct buf kinds = {0}, servers = {0}, s = {0};

	wording_say_kinds(&kinds, LANGUAGE_EN, d->s->kinds);
	wording_say_count(&servers, LANGUAGE_EN, WORDING_servers,
	    d->s->hosts);
	wording_say(&s, LANGUAGE_EN, WORDING_xarf_description,
	    WORDING_FIELDS({"kinds", kinds.n == 0 ? "" : kinds.data},
	        {"servers", servers.data}));
	put_string(d, "description", s.data);
	buf_free(&s);
	buf_free(&servers);
	buf_free(&kinds);
}

static void
describe_evidence(struct document *d, size_t lines)
{
	struct buf events = {0}, s = {0};
	char listed[24];

	(void)snprintf(listed, sizeof listed, "%zu", lines);
	wording_say_count(&events, LANGUAGE_EN, WORDING_events, d->s->events);
	wording_say(&s, LANGUAGE_EN, WORDING_xarf_evidence,
	    WORDING_FIELDS({"listed", listed}, {"events", events.data}));
	put_string(d, "description", s.data);
	buf_free(&s);
	buf_free(&events);
}

static void
put_hash(struct document *d, const struct buf *lines)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char s[8 + 2 * sizeof hash] = "sha256:";

	(void)crypto_hash_sha256(hash, (const unsigned char *)lines->data,
	    lines->n);
	sodium_bin2hex(s + strlen(s), 2 * sizeof hash + 1, hash, sizeof hash);
	put_string(d, "hash", s);
}

static void
put_base64(struct buf *out, const struct buf *bytes)
{
	char *at = buf_reserve(out, (bytes->n / 3 + 2) * 4);
	gint state = 0, save = 0;
	size_t n = g_base64_encode_step((const guchar *)bytes->data, bytes->n,
	    FALSE, at, &state, &save);

	n += g_base64_encode_close(FALSE, at + n, &state, &save);
	out->n += n;
}

static void
evidence(struct document *d)
{
	size_t n = d->s->line_count < EVIDENCE_LINES ? d->s->line_count
	                                             : EVIDENCE_LINES;
	struct buf lines = {0};

	(void)buf_reserve(&lines, n * LINE_BYTES);
	for (size_t i = d->s->line_count - n; i < d->s->line_count; i++)
		entry_write(&lines, &d->e->at[i]);
	name(d, "evidence");
	open_with(d, '[');
	line(d);
	open_with(d, '{');
	put_string(d, "content_type", "text/plain");
	describe_evidence(d, n);
	name(d, "payload");
	buf_putc(&d->out, '"');
	put_base64(&d->out, &lines);
	buf_putc(&d->out, '"');
	put_hash(d, &lines);
	put_number(d, "size", (int64_t)lines.n);
	close_with(d, '}');
	close_with(d, ']');
	buf_free(&lines);
}

struct text
xarf_document(const struct compose_facts *f, size_t source, struct arena *a)
{
	struct document d = {.f = f, .s = &f->sources[source],
	    .e = &f->entries[source], .index = source};
	struct text t;

	settle_type(&d);
	(void)buf_reserve(&d.out, DOCUMENT_BYTES);
	open_with(&d, '{');
	core(&d);
	connection(&d);
	particulars(&d);
	description(&d);
	tags(&d);
	all_counts(&d);
	if (d.s->line_count != 0)
		evidence(&d);
	close_with(&d, '}');
	buf_putc(&d.out, '\n');
	t = (struct text){.at = arena_copy(a, d.out.data, d.out.n),
	    .n = d.out.n};
	buf_free(&d.out);
	return t;
}
