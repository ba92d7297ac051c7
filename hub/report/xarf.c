/* XARF documents; see xarf.h. */
#include "hub/report/xarf.h"

#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "hub/report/compose.h"
#include "hub/report/entry.h"
#include "hub/report/wording.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/die.h"

enum {
	EVIDENCE_LINES = 200, /* of one document: under 32 KiB */
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
	size_t index;
	enum kind kind; /* the one that the document is about */
	enum type type;
	const struct compose_event *event; /* gives ports and our address;
	                                      NULL: none is known */
	struct arena *a;
	json_t *json;
};

/* jansson says NULL when memory runs out, and for text that is not UTF-8,
 * which there is not in a report. */
static void
put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		die(EX_OSERR, "no JSON for %s", key);
}

static void
put_string(json_t *object, const char *key, const char *s)
{
	put(object, key, json_string(s));
}

static void
put_time(json_t *object, const char *key, int64_t us)
{
	char s[CLOCK_TEXT_BYTES];

	put_string(object, key, clock_format(s, us, false));
}

static json_t *
list_of(const char *s)
{
	json_t *list = json_array();

	if (json_array_append_new(list, json_string(s)) < 0)
		die(EX_OSERR, "no JSON for a list");
	return list;
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
	const char *s = d->event == NULL
	    ? "-"
	    : wording_service(d->event->service, d->event->destination_port);

	return strcmp(s, "-") == 0 ? NULL : s;
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

static json_t *
party(const struct compose_facts *f)
{
	const char *org = f->organisation[0] == '\0' ? f->domain
	                                             : f->organisation;
	size_t n = 0, chars = 0;
	json_t *o = json_object();

	while (org[n] != '\0' && chars < ORG_MAX_CHARS) {
		size_t step = text_utf8_length(org + n, strlen(org + n));

		n += step == 0 ? 1 : step;
		chars++;
	}
	put(o, "org", json_stringn(org, n));
	put_string(o, "contact", f->reply_to);
	put_string(o, "domain", f->domain);
	return o;
}

static void
core(struct document *d)
{
	static const char *const types[] = {
	    [LOGIN_ATTACK] = "login_attack",
	    [RECONNAISSANCE] = "reconnaissance",
	    [VULNERABILITY_SCAN] = "vulnerability_scan",
	};
	char uuid[REDACT_UUID_BYTES], address[ADDR_TEXT_BYTES];
	json_t *o = d->json;

	put_string(o, "xarf_version", XARF_VERSION);
	put_string(o, "report_id", redact_uuid(uuid, d->f, d->index));
	put_time(o, "timestamp", d->s->last_us);
	put(o, "reporter", party(d->f));
	put(o, "sender", party(d->f));
	put_string(o, "source_identifier",
	    addr_format(address, &d->s->address));
	if (d->event != NULL && d->event->port != 0)
		put(o, "source_port", json_integer(d->event->port));
	put_string(o, "category", "connection");
	put_string(o, "type", types[d->type]);
	put_string(o, "evidence_source", "automated_filter");
	/* an established connection leaves no doubt about the address; a
	 * second server of ours little about the intent */
	put(o, "confidence", json_real(d->s->hosts > 1 ? 0.95 : 0.85));
}

static void
connection(struct document *d)
{
	char address[ADDR_TEXT_BYTES];
	json_t *o = d->json;
	int port = our_port(d);

	put_string(o, "protocol", "tcp");
	if (d->event != NULL && d->event->destination.family != 0)
		put_string(o, "destination_ip",
		    addr_format(address, &d->event->destination));
	if (port != 0 && d->type != VULNERABILITY_SCAN)
		put(o, "destination_port", json_integer(port));
	put_time(o, "first_seen", d->s->first_us);
	put_time(o, "last_seen", d->s->last_us);
	if (service_of(d) != NULL)
		put_string(o, "service", service_of(d));
}

/* What each type has of its own. */
static void
particulars(struct document *d)
{
	int64_t of_kind = d->s->kinds[d->kind];
	const char *service = service_of(d);
	json_t *o = d->json;

	switch (d->type) {
	case LOGIN_ATTACK:
		put(o, "attempt_count", json_integer(of_kind));
		break;
	case RECONNAISSANCE:
		put(o, "probed_resources",
		    list_of(d->kind == KIND_AUTH_FAILURE ? "mail login (AUTH)"
		                                         : "mail server"));
		put(o, "resource_categories", list_of("other"));
		put(o, "total_probes", json_integer(of_kind));
		break;
	case VULNERABILITY_SCAN:
		put_string(o, "scan_type", "vulnerability_scan");
		if (our_port(d) != 0) {
			json_t *ports = json_array();

			(void)json_array_append_new(ports,
			    json_integer(our_port(d)));
			put(o, "targeted_ports", ports);
		}
		put(o, "targeted_services",
		    list_of(service == NULL ? "smtp" : service));
		put(o, "vulnerabilities_probed", list_of("open mail relay"));
		put(o, "total_requests", json_integer(of_kind));
		break;
	}
}

static void
tags(struct document *d)
{
	json_t *list = json_array();
	const char *service = service_of(d);

	if (service != NULL)
		(void)json_array_append_new(list,
		    json_string(arena_printf(d->a, "service:%s", service)));
	if (d->s->kinds[KIND_AUTH_FAILURE] != 0)
		(void)json_array_append_new(list,
		    json_string("attack:brute-force"));
	if (d->s->kinds[KIND_RELAY_DENIED] != 0)
		(void)json_array_append_new(list,
		    json_string("attack:open-relay-probe"));
	if (d->s->again)
		(void)json_array_append_new(list,
		    json_string("case:again-after-fix"));
	put(d->json, "tags", list);
}

/* Beyond the schema, as it allows: all that the text says in numbers. */
static void
all_counts(struct document *d)
{
	json_t *o = json_object();

	for (int k = 0; k < KIND_COUNT; k++)
		if (d->s->kinds[k] != 0)
			put(o, wording_kind((enum kind)k),
			    json_integer(d->s->kinds[k]));
	put(d->json, "event_counts", o);
	put(d->json, "event_total", json_integer(d->s->events));
	put(d->json, "reporting_servers", json_integer(d->s->hosts));
	put_string(d->json, "report_reference", d->f->uuid);
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
	put(d->json, "description", json_stringn(s.data, s.n));
	buf_free(&s);
	buf_free(&servers);
	buf_free(&kinds);
}

static void
describe_evidence(struct document *d, json_t *item, size_t lines)
{
	struct buf events = {0}, s = {0};
	char listed[24];

	(void)snprintf(listed, sizeof listed, "%zu", lines);
	wording_say_count(&events, LANGUAGE_EN, WORDING_events, d->s->events);
	wording_say(&s, LANGUAGE_EN, WORDING_xarf_evidence,
	    WORDING_FIELDS({"listed", listed}, {"events", events.data}));
	put(item, "description", json_stringn(s.data, s.n));
	buf_free(&s);
	buf_free(&events);
}

static void
put_hash(json_t *item, const struct buf *lines)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char s[8 + 2 * sizeof hash] = "sha256:";

	(void)crypto_hash_sha256(hash, (const unsigned char *)lines->data,
	    lines->n);
	sodium_bin2hex(s + strlen(s), 2 * sizeof hash + 1, hash, sizeof hash);
	put_string(item, "hash", s);
}

static void
evidence(struct document *d)
{
	size_t n = d->s->line_count < EVIDENCE_LINES ? d->s->line_count
	                                             : EVIDENCE_LINES;
	json_t *list = json_array(), *item = json_object();
	struct buf lines = {0};
	size_t room;
	char *payload;

	for (size_t i = d->s->line_count - n; i < d->s->line_count; i++) {
		struct entry e;

		entry_of(&e, d->f, d->s, &d->s->lines[i]);
		entry_write(&lines, &e);
	}
	room = sodium_base64_encoded_len(lines.n,
	    sodium_base64_VARIANT_ORIGINAL);
	payload = arena_alloc(d->a, room);
	sodium_bin2base64(payload, room, (const unsigned char *)lines.data,
	    lines.n, sodium_base64_VARIANT_ORIGINAL);
	put_string(item, "content_type", "text/plain");
	describe_evidence(d, item, n);
	put_string(item, "payload", payload);
	put_hash(item, &lines);
	put(item, "size", json_integer((json_int_t)lines.n));
	(void)json_array_append_new(list, item);
	put(d->json, "evidence", list);
	buf_free(&lines);
}

struct text
xarf_document(const struct compose_facts *f, size_t source, struct arena *a)
{
	struct document d = {.f = f, .s = &f->sources[source],
	    .index = source, .a = a, .json = json_object()};
	struct text t;
	char *s;

	settle_type(&d);
	core(&d);
	connection(&d);
	particulars(&d);
	description(&d);
	tags(&d);
	all_counts(&d);
	if (d.s->line_count != 0)
		evidence(&d);
	s = json_dumps(d.json, JSON_INDENT(1) | JSON_PRESERVE_ORDER |
	    JSON_REAL_PRECISION(2));
	if (s == NULL)
		die(EX_OSERR, "no JSON for a report");
	t = text_of(arena_string(a, s));
	free(s);
	json_decref(d.json);
	return t;
}
