/* The mails of a report; see compose.h.  Their text: body.c; their form:
 * compose_mime.c. */
#include "hub/report/compose.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "hub/report/body.h"
#include "hub/report/compose_mime.h"
#include "hub/report/csv.h"
#include "hub/report/entry.h"
#include "hub/report/network.h"
#include "hub/report/redact.h"
#include "hub/report/wording.h"
#include "hub/report/xarf.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

enum {
	LOCAL_MAX = 64,
	MAILBOX_MAX = 254,
	LABEL_MAX = 63,
	NAME_MAX_BYTES = 200,
};

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z');
}

/* Labels of letters, digits and inner "-", separated by single dots. */
static bool
domain_is_plain(const char *s)
{
	size_t label = 0;

	if (*s == '\0' || strlen(s) > MAILBOX_MAX)
		return false;
	for (; *s != '\0'; s++) {
		if (*s == '.' && (label == 0 || s[-1] == '-'))
			return false;
		if (*s == '-' && label == 0)
			return false;
		if (*s != '.' && *s != '-' && !is_alnum(*s))
			return false;
		label = *s == '.' ? 0 : label + 1;
		if (label > LABEL_MAX)
			return false;
	}
	return label != 0 && s[-1] != '-';
}

bool
compose_mailbox_is_plain(const char *mailbox)
{
	const char *at = strchr(mailbox, '@');
	size_t n = at == NULL ? 0 : (size_t)(at - mailbox);

	if (n == 0 || n > LOCAL_MAX || strlen(mailbox) > MAILBOX_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = mailbox[i];

		if (c == '.' && (i == 0 || i == n - 1 || mailbox[i - 1] == '.'))
			return false;
		if (!is_alnum(c) && strchr(".!#$&'*+/=?^_`{|}~-", c) == NULL)
			return false;
	}
	/* "-f..." would be an option to somebody's sendmail */
	return mailbox[0] != '-' && domain_is_plain(at + 1);
}

/* One line of printable UTF-8, whatever the settings file held. */
static const char *
one_line(struct arena *a, const char *s)
{
	struct text t = text_clean(a, text_of(s), NAME_MAX_BYTES);
	char *out = arena_copy(a, t.at, t.n);

	for (size_t i = 0; i < t.n; i++)
		if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f)
			out[i] = ' ';
	return out;
}

static bool
check(const struct compose_facts *f, const char **why)
{
	if (!compose_mailbox_is_plain(f->to))
		*why = "the recipient is no plain mailbox";
	else if (!compose_mailbox_is_plain(f->from))
		*why = "report.from is no plain mailbox";
	else if (!compose_mailbox_is_plain(f->reply_to))
		*why = "report.reply_to is no plain mailbox";
	else if (!domain_is_plain(f->domain))
		*why = "hub.domain is no domain";
	else if (f->source_count == 0 || f->events == 0)
		*why = "there is nothing to report";
	else
		return true;
	return false;
}

bool
compose_mode_of_name(const char *name, enum compose_mode *out)
{
	static const struct {
		const char *name;
		enum compose_mode mode;
	} names[] = {
	    {"consolidated", COMPOSE_CONSOLIDATED},
	    {"held", COMPOSE_CONSOLIDATED},
	    {"xarf", COMPOSE_XARF},
	    {"text", COMPOSE_TEXT},
	    {"form", COMPOSE_TEXT},
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i].name, name) == 0) {
			*out = names[i].mode;
			return true;
		}
	return false;
}

/* Are all of them in one network? */
static bool
one_network(const struct compose_facts *f, struct prefix *out)
{
	*out = network_of(&f->sources[0].address);
	for (size_t i = 1; i < f->source_count; i++)
		if (!prefix_holds(out, &f->sources[i].address))
			return false;
	return true;
}

static const char *
make_subject(const struct compose_facts *f, struct arena *a)
{
	const enum wording kinds = wording_subject(f->kinds);
	char address[ADDR_TEXT_BYTES], prefix[ADDR_TEXT_BYTES], more[24];
	struct prefix network;
	enum wording w = WORDING_subject_many;
	struct buf s = {0};
	const char *subject;

	(void)snprintf(more, sizeof more, "%zu", f->source_count - 1);
	if (f->source_count == 1)
		w = WORDING_subject_one;
	else if (one_network(f, &network))
		w = WORDING_subject_prefix;
	else if (f->source_count == 2)
		w = WORDING_subject_two;
	wording_say(&s, LANGUAGE_EN, w,
	    WORDING_FIELDS({"what", wording_texts[LANGUAGE_EN][kinds]},
	        {"address", addr_format(address, &f->sources[0].address)},
	        {"more", more},
	        {"prefix", w == WORDING_subject_prefix
	                ? prefix_format(prefix, &network)
	                : ""},
	        {"id", arena_printf(a, "%.8s", f->uuid)}));
	subject = arena_copy(a, s.data, s.n);
	buf_free(&s);
	return subject;
}

static struct text
in_arena(struct buf *b, struct arena *a)
{
	struct text t = {.at = arena_copy(a, b->data, b->n), .n = b->n};

	buf_free(b);
	return t;
}

static struct text
make_body(const struct compose_facts *f, const struct body_around *around,
    struct arena *a)
{
	struct buf b = {0};

	body_write(&b, f, around, a);
	return in_arena(&b, a);
}

/* The parts around the text; the text itself is the first. */
struct mail {
	const struct compose_facts *f;
	struct arena *a; /* until the mail is written */
	struct arena *keep;
	size_t number; /* of the mails of the report, from 0 */
	const char *multipart, *report_type;
	struct compose_part *parts;
	size_t count;
};

static void
finish(const struct mail *m, struct composed_mail *out)
{
	const struct compose_facts *f = m->f;
	char boundary[REDACT_BOUNDARY_BYTES];
	struct compose_envelope e = {
	    .name = f->organisation,
	    .from = f->from,
	    .reply_to = f->reply_to,
	    .to = f->to,
	    .subject = make_subject(f, m->keep),
	    .made_us = f->made_us,
	    .multipart = m->multipart,
	    .report_type = m->report_type,
	    .boundary = redact_boundary(boundary, f, m->number),
	};

	e.message_id = m->number == 0
	    ? arena_printf(m->keep, "%s@%s", f->uuid, f->domain)
	    : arena_printf(m->keep, "%s.%zu@%s", f->uuid, m->number + 1,
	          f->domain);
	*out = (struct composed_mail){.subject = e.subject,
	    .message_id = e.message_id,
	    .mail = compose_mime_write(&e, m->parts, m->count, m->keep)};
}

static void
text_only(const struct compose_facts *f, struct arena *a,
    struct arena *keep, struct composed_mail *out)
{
	struct compose_part part = {.type = "text/plain",
	    .form = COMPOSE_PART_TEXT,
	    .content = make_body(f, &(struct body_around){.mails = 1}, a)};

	finish(&(struct mail){.f = f, .a = a, .keep = keep, .parts = &part,
	    .count = 1}, out);
}

/* XARF documents as parts, the worst source first, as many as the limits
 * let.  Returns how many. */
static size_t
documents(const struct compose_facts *f, struct arena *a,
    struct compose_part *parts)
{
	size_t most = f->listed < f->xarf_max ? f->listed : f->xarf_max;
	size_t n, bytes = 0;

	for (n = 0; n < most; n++) {
		struct text t = xarf_document(f, n, a);

		bytes += t.n;
		if (bytes > f->xarf_max_bytes)
			break;
		parts[n] = (struct compose_part){
		    .type = "application/json",
		    .form = COMPOSE_PART_DOCUMENT,
		    .name = n == 0 ? "xarf.json"
		                   : arena_printf(a, "xarf-%zu.json", n + 1),
		    .content = t};
	}
	return n;
}

static void
consolidated(const struct compose_facts *f, struct arena *a,
    struct arena *keep, struct composed_mail *out)
{
	size_t most = f->listed < f->xarf_max ? f->listed : f->xarf_max;
	struct compose_part *parts = arena_array(a, most + 2, sizeof *parts);
	size_t n = documents(f, a, parts + 2);
	struct buf csv = {0};

	csv_write(&csv, f);
	parts[0] = (struct compose_part){.type = "text/plain",
	    .form = COMPOSE_PART_TEXT,
	    .content = make_body(f, &(struct body_around){.csv = true,
	        .documents = n, .mails = 1}, a)};
	parts[1] = (struct compose_part){.type = "text/csv",
	    .form = COMPOSE_PART_ATTACHED, .name = "report.csv",
	    .content = in_arena(&csv, a)};
	finish(&(struct mail){.f = f, .a = a, .keep = keep,
	    .multipart = "mixed", .parts = parts, .count = n + 2}, out);
}

/* The same report about one of its sources alone. */
static struct compose_facts
only(const struct compose_facts *f, size_t source)
{
	const struct compose_source *s = &f->sources[source];
	struct compose_facts one = *f;

	one.sources = s;
	one.entries = f->entries + source;
	one.source_count = one.listed = 1;
	one.events = s->events;
	one.hosts = s->hosts;
	one.first_us = s->first_us;
	one.last_us = s->last_us;
	memcpy(one.kinds, s->kinds, sizeof one.kinds);
	return one;
}

/* Exactly the carrier that XARF describes: three parts. */
static void
xarf(const struct compose_facts *f, size_t source, struct arena *a,
    struct arena *keep, struct composed_mail *out)
{
	const struct compose_facts one = only(f, source);
	struct compose_part parts[3] = {
	    {.type = "text/plain", .form = COMPOSE_PART_TEXT,
	        .content = make_body(&one, &(struct body_around){
	            .documents = 1, .mails = f->source_count}, a)},
	    {.type = "message/feedback-report",
	        .form = COMPOSE_PART_INLINE,
	        .content = TEXT("Feedback-Type: xarf\n"
	                        "User-Agent: Plaintiff\n"
	                        "Version: 1\n")},
	    {.type = "application/json",
	        .form = COMPOSE_PART_BASE64, .name = "xarf.json",
	        .content = xarf_document(&one, 0, a)},
	};

	finish(&(struct mail){.f = &one, .a = a, .keep = keep,
	    .number = source, .multipart = "report",
	    .report_type = "feedback-report", .parts = parts, .count = 3},
	    out);
}

static enum compose_mode
mode_of(const struct compose_facts *f)
{
	if (f->mode != COMPOSE_XARF)
		return f->mode;
	return f->listed == f->source_count && f->source_count <= f->xarf_max
	    ? COMPOSE_XARF
	    : COMPOSE_CONSOLIDATED;
}

static void
write_mails(const struct compose_facts *f, struct arena *a,
    struct arena *keep, struct composed_mail *mails)
{
	switch (f->mode) {
	case COMPOSE_CONSOLIDATED:
		consolidated(f, a, keep, mails);
		break;
	case COMPOSE_XARF:
		for (size_t i = 0; i < f->source_count; i++)
			xarf(f, i, a, keep, &mails[i]);
		break;
	case COMPOSE_TEXT:
		text_only(f, a, keep, mails);
		break;
	}
}

int
compose_mails(const struct compose_facts *given, struct arena *a,
    struct composed *out, const char **why)
{
	struct compose_facts f = *given;
	struct composed_mail *mails;
	struct arena *scratch;

	if (!check(&f, why))
		return -1;
	assert(f.secret != NULL && f.listed <= f.source_count);
	/* what is written for one mail is in the processor's cache for the
	 * next */
	scratch = arena_open(0);
	f.organisation = one_line(scratch, f.organisation);
	f.mode = mode_of(&f);
	f.entries = entry_all(&f, scratch);
	out->count = f.mode == COMPOSE_XARF ? f.source_count : 1;
	mails = arena_array(a, out->count, sizeof *mails);
	write_mails(&f, scratch, a, mails);
	arena_close(scratch);
	out->mails = mails;
	return 0;
}
