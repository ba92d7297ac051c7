/* Headers and encoding of a report; see compose.h.  The text: body.c. */
#include "hub/report/compose.h"

#include <gmime/gmime.h>
#include <inttypes.h>
#include <string.h>

#include "hub/report/body.h"
#include "hub/report/wording.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"

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

static const char *
make_subject(const struct compose_facts *f, struct arena *a)
{
	const char *what = wording_subject(f->kinds);
	char s[ADDR_TEXT_BYTES];

	if (f->source_count == 1)
		return arena_printf(a, "%s from %s", what,
		    addr_format(s, &f->sources[0].address));
	return arena_printf(a, "%s from %zu addresses of yours [%.8s]", what,
	    f->source_count, f->uuid);
}

static void
add_mailbox(GMimeMessage *m, GMimeAddressType type, const char *name,
    const char *mailbox)
{
	InternetAddress *ia = internet_address_mailbox_new(
	    name == NULL || name[0] == '\0' ? NULL : name, mailbox);

	internet_address_set_charset(ia, "utf-8");
	(void)internet_address_list_add(g_mime_message_get_addresses(m, type),
	    ia);
	g_object_unref(ia);
}

static void
set_date(GMimeMessage *m, int64_t us)
{
	GDateTime *date = g_date_time_new_from_unix_utc(us / CLOCK_SECOND_US);

	g_mime_message_set_date(m, date);
	g_date_time_unref(date);
}

/* May the body go as it is: ASCII in lines that no mail system breaks? */
static bool
is_7bit(const struct buf *body)
{
	size_t line = 0;

	for (size_t i = 0; i < body->n; i++) {
		if ((unsigned char)body->data[i] >= 0x80)
			return false;
		if (body->data[i] == '\n')
			line = i + 1;
		else if (i - line > 900)
			return false;
	}
	return true;
}

static GMimeObject *
make_part(const struct buf *body)
{
	GMimeTextPart *part = g_mime_text_part_new_with_subtype("plain");
	GMimeStream *stream =
	    g_mime_stream_mem_new_with_buffer(body->data, body->n);
	GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(stream,
	    GMIME_CONTENT_ENCODING_DEFAULT);

	g_object_unref(stream);
	g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset",
	    "utf-8");
	g_mime_part_set_content(GMIME_PART(part), content);
	g_object_unref(content);
	g_mime_part_set_content_encoding(GMIME_PART(part), is_7bit(body)
	        ? GMIME_CONTENT_ENCODING_7BIT
	        : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	return GMIME_OBJECT(part);
}

static struct text
write_out(GMimeMessage *m, struct arena *a)
{
	GMimeFormatOptions *options = g_mime_format_options_new();
	GMimeStream *out = g_mime_stream_mem_new();
	GByteArray *bytes;
	struct text t;

	g_mime_format_options_set_newline_format(options,
	    GMIME_NEWLINE_FORMAT_DOS);
	(void)g_mime_object_write_to_stream(GMIME_OBJECT(m), options, out);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(out));
	t = (struct text){.at = arena_copy(a, bytes->data, bytes->len),
	    .n = bytes->len};
	g_object_unref(out);
	g_mime_format_options_free(options);
	return t;
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

int
compose_mails(const struct compose_facts *given, struct arena *a,
    struct composed *all, const char **why)
{
	struct composed_mail *out = arena_alloc(a, sizeof *out);
	struct compose_facts clean = *given, *f = &clean;
	struct buf body = {0};
	GMimeMessage *m;
	GMimeObject *part;

	if (!check(f, why))
		return -1;
	g_mime_init();
	out->subject = make_subject(f, a);
	out->message_id = arena_printf(a, "%s@%s", f->uuid, f->domain);
	clean.organisation = one_line(a, f->organisation);
	body_write(&body, f);
	m = g_mime_message_new(FALSE);
	add_mailbox(m, GMIME_ADDRESS_TYPE_FROM, f->organisation, f->from);
	add_mailbox(m, GMIME_ADDRESS_TYPE_REPLY_TO, NULL, f->reply_to);
	add_mailbox(m, GMIME_ADDRESS_TYPE_TO, NULL, f->to);
	g_mime_message_set_subject(m, out->subject, "utf-8");
	set_date(m, f->made_us);
	g_mime_message_set_message_id(m, out->message_id);
	g_mime_object_append_header(GMIME_OBJECT(m), "Auto-Submitted",
	    "auto-generated", NULL);
	part = make_part(&body);
	g_mime_message_set_mime_part(m, part);
	g_object_unref(part);
	out->mail = write_out(m, a);
	g_object_unref(m);
	buf_free(&body);
	*all = (struct composed){.mails = out, .count = 1};
	return 0;
}
