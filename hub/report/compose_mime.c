/* Mails by GMime; see compose_mime.h. */
#include "hub/report/compose_mime.h"

#include <gmime/gmime.h>
#include <string.h>

#include "proto/base/arena.h"
#include "proto/base/clock.h"

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

/* May it go as it is: ASCII in lines that no mail system breaks? */
static bool
is_7bit(struct text t)
{
	size_t line = 0;

	for (size_t i = 0; i < t.n; i++) {
		if ((unsigned char)t.at[i] >= 0x80)
			return false;
		if (t.at[i] == '\n')
			line = i + 1;
		else if (i - line > 900)
			return false;
	}
	return true;
}

static void
set_content(GMimePart *part, struct text content)
{
	GMimeStream *stream =
	    g_mime_stream_mem_new_with_buffer(content.at, content.n);
	GMimeDataWrapper *wrapper = g_mime_data_wrapper_new_with_stream(stream,
	    GMIME_CONTENT_ENCODING_DEFAULT);

	g_object_unref(stream);
	g_mime_part_set_content(part, wrapper);
	g_object_unref(wrapper);
}

static GMimeObject *
make_part(const struct compose_part *p)
{
	GMimePart *part = g_mime_part_new_with_type(p->type, p->subtype);
	GMimeObject *o = GMIME_OBJECT(part);
	GMimeContentEncoding encoding = GMIME_CONTENT_ENCODING_BASE64;

	if (p->form == COMPOSE_PART_TEXT || p->form == COMPOSE_PART_ATTACHED)
		g_mime_object_set_content_type_parameter(o, "charset",
		    "utf-8");
	if (p->form == COMPOSE_PART_INLINE)
		g_mime_object_set_disposition(o, "inline");
	if (p->name != NULL) {
		g_mime_object_set_disposition(o, "attachment");
		g_mime_part_set_filename(part, p->name);
	}
	if (p->form != COMPOSE_PART_BASE64)
		encoding = is_7bit(p->content)
		    ? GMIME_CONTENT_ENCODING_7BIT
		    : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
	set_content(part, p->content);
	g_mime_part_set_content_encoding(part, encoding);
	return o;
}

static GMimeObject *
make_multipart(const struct compose_envelope *e,
    const struct compose_part *parts, size_t n)
{
	GMimeMultipart *m = g_mime_multipart_new_with_subtype(e->multipart);

	if (e->report_type != NULL)
		g_mime_object_set_content_type_parameter(GMIME_OBJECT(m),
		    "report-type", e->report_type);
	g_mime_multipart_set_boundary(m, e->boundary);
	for (size_t i = 0; i < n; i++) {
		GMimeObject *part = make_part(&parts[i]);

		g_mime_multipart_add(m, part);
		g_object_unref(part);
	}
	return GMIME_OBJECT(m);
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

struct text
compose_mime_write(const struct compose_envelope *e,
    const struct compose_part *parts, size_t n, struct arena *a)
{
	GMimeMessage *m;
	GMimeObject *content;
	struct text t;

	g_mime_init();
	m = g_mime_message_new(FALSE);
	add_mailbox(m, GMIME_ADDRESS_TYPE_FROM, e->name, e->from);
	add_mailbox(m, GMIME_ADDRESS_TYPE_REPLY_TO, NULL, e->reply_to);
	add_mailbox(m, GMIME_ADDRESS_TYPE_TO, NULL, e->to);
	g_mime_message_set_subject(m, e->subject, "utf-8");
	set_date(m, e->made_us);
	g_mime_message_set_message_id(m, e->message_id);
	g_mime_object_append_header(GMIME_OBJECT(m), "Auto-Submitted",
	    "auto-generated", NULL);
	content = e->multipart == NULL ? make_part(&parts[0])
	                               : make_multipart(e, parts, n);
	g_mime_message_set_mime_part(m, content);
	g_object_unref(content);
	t = write_out(m, a);
	g_object_unref(m);
	return t;
}
