/* Mails by GMime; see compose_mime.h. */
#include "hub/report/compose_mime.h"

#include <gmime/gmime.h>
#include <string.h>

#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/clock.h"

/* RFC 5322 2.1.1 has 998; some break lines of 990. */
enum { LINE_MAX_BYTES = 900, HEADER_COLUMNS = 78, HEADERS_BYTES = 4096 };

/* May it go as it is (RFC 2045 2.7): ASCII in lines that no mail system
 * breaks?  What else a system may do to a line, to blanks at its end, to a
 * "From " or a "." at its beginning, does not touch a document: xarf.c has no
 * such lines. */
static bool
is_7bit(struct text t)
{
	const char *at = t.at, *end = t.at + t.n;

	if (text_ascii_length(t.at, t.n) != t.n ||
	    memchr(t.at, '\r', t.n) != NULL)
		return false;
	/* the last line end within reach, not each */
	while (end - at > LINE_MAX_BYTES) {
		at = memrchr(at, '\n', LINE_MAX_BYTES + 1);
		if (at == NULL)
			return false;
		at++;
	}
	return true;
}

/* The lines that every part begins with are fixed, ASCII and short: for them
 * no library is needed. */
static void
part_headers(struct buf *out, const struct compose_part *p,
    const char *encoding)
{
	bool text = p->form == COMPOSE_PART_TEXT ||
	    p->form == COMPOSE_PART_ATTACHED;

	buf_puts(out, "Content-Type: ");
	buf_puts(out, p->type);
	if (text)
		buf_puts(out, "; charset=utf-8");
	if (p->name != NULL) {
		buf_puts(out, "; name=");
		buf_puts(out, p->name);
		buf_puts(out, "\r\nContent-Disposition: attachment; filename=");
		buf_puts(out, p->name);
	} else if (p->form == COMPOSE_PART_INLINE) {
		buf_puts(out, "\r\nContent-Disposition: inline");
	}
	buf_puts(out, "\r\nContent-Transfer-Encoding: ");
	buf_puts(out, encoding);
	buf_puts(out, "\r\n");
}

static void
add_crlf(struct buf *out, const char *s, size_t n)
{
	while (n != 0) {
		const char *lf = memchr(s, '\n', n);
		size_t line = lf == NULL ? n : (size_t)(lf - s);

		buf_add(out, s, line);
		buf_add(out, "\r\n", 2);
		if (lf == NULL)
			return;
		s += line + 1;
		n -= line + 1;
	}
}

static void
add_encoded(struct buf *out, struct text content,
    GMimeContentEncoding encoding)
{
	GMimeEncoding state;
	struct buf b = {0};
	size_t room;

	g_mime_encoding_init_encode(&state, encoding);
	room = g_mime_encoding_outlen(&state, content.n);
	b.n = g_mime_encoding_flush(&state, content.at, content.n,
	    buf_reserve(&b, room));
	add_crlf(out, b.data, b.n);
	buf_free(&b);
}

static const char *
encoding_of(const struct compose_part *p)
{
	if (p->form != COMPOSE_PART_BASE64 && is_7bit(p->content))
		return "7bit";
	return p->form == COMPOSE_PART_TEXT || p->form == COMPOSE_PART_ATTACHED
	    ? "quoted-printable"
	    : "base64";
}

static void
add_content(struct buf *out, const struct compose_part *p,
    const char *encoding)
{
	if (strcmp(encoding, "7bit") == 0) {
		add_crlf(out, p->content.at, p->content.n);
	} else if (strcmp(encoding, "base64") == 0) {
		add_encoded(out, p->content, GMIME_CONTENT_ENCODING_BASE64);
	} else {
		add_encoded(out, p->content,
		    GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	}
}

static void
add_part(struct buf *out, const struct compose_part *p)
{
	const char *encoding = encoding_of(p);

	part_headers(out, p, encoding);
	buf_puts(out, "\r\n");
	add_content(out, p, encoding);
}

/* The boundary holds characters that want quotes (RFC 2045). */
static void
add_multipart(struct buf *out, const struct compose_envelope *e,
    const struct compose_part *parts, size_t n)
{
	buf_printf(out, "Content-Type: multipart/%s;\r\n", e->multipart);
	if (e->report_type != NULL)
		buf_printf(out, " report-type=%s;\r\n", e->report_type);
	buf_printf(out, " boundary=\"%s\"\r\n\r\n", e->boundary);
	for (size_t i = 0; i < n; i++) {
		buf_puts(out, "--");
		buf_puts(out, e->boundary);
		buf_puts(out, "\r\n");
		add_part(out, &parts[i]);
		buf_puts(out, "\r\n");
	}
	buf_printf(out, "--%s--\r\n", e->boundary);
}

/* A header whose value is known to be ASCII and one word: a mailbox that was
 * checked, an id.  It stands on the next line where this one would have more
 * than 78 characters (RFC 5322 2.1.1). */
static void
add_word(struct buf *out, const char *name, const char *value)
{
	const bool fold = strlen(name) + 2 + strlen(value) > HEADER_COLUMNS;

	buf_puts(out, name);
	buf_puts(out, fold ? ":\r\n\t" : ": ");
	buf_puts(out, value);
	buf_puts(out, "\r\n");
}

/* The operator's name is any text. */
static void
add_from(struct buf *out, const char *name, const char *mailbox)
{
	InternetAddressList *list = internet_address_list_new();
	InternetAddress *ia = internet_address_mailbox_new(
	    name[0] == '\0' ? NULL : name, mailbox);
	GString *s = g_string_new("From: ");

	internet_address_set_charset(ia, "utf-8");
	(void)internet_address_list_add(list, ia);
	internet_address_list_encode(list, NULL, s);
	add_crlf(out, s->str, s->len);
	(void)g_string_free(s, TRUE);
	g_object_unref(ia);
	g_object_unref(list);
}

static void
add_subject(struct buf *out, const char *subject)
{
	char *encoded = g_mime_utils_header_encode_text(NULL, subject, "utf-8");
	char *whole = g_strconcat("Subject: ", encoded, NULL);
	char *folded = g_mime_utils_unstructured_header_fold(NULL, NULL, whole);

	add_crlf(out, folded, strlen(folded));
	g_free(folded);
	g_free(whole);
	g_free(encoded);
}

static void
add_date(struct buf *out, int64_t us)
{
	GDateTime *date = g_date_time_new_from_unix_utc(us / CLOCK_SECOND_US);
	char *s = g_mime_utils_header_format_date(date);

	buf_puts(out, "Date: ");
	buf_puts(out, s);
	buf_puts(out, "\r\n");
	g_free(s);
	g_date_time_unref(date);
}

static void
add_headers(struct buf *out, const struct compose_envelope *e)
{
	add_from(out, e->name, e->from);
	add_word(out, "Reply-To", e->reply_to);
	add_word(out, "To", e->to);
	add_subject(out, e->subject);
	add_date(out, e->made_us);
	buf_puts(out, "Message-Id: <");
	buf_puts(out, e->message_id);
	buf_puts(out, ">\r\n"
	              "Auto-Submitted: auto-generated\r\n"
	              "MIME-Version: 1.0\r\n");
}

struct text
compose_mime_write(const struct compose_envelope *e,
    const struct compose_part *parts, size_t n, struct arena *a)
{
	struct buf b = {0};
	struct text t;
	size_t bytes = HEADERS_BYTES;

	g_mime_init();
	for (size_t i = 0; i < n; i++)
		bytes += parts[i].content.n + parts[i].content.n / 16;
	(void)buf_reserve(&b, bytes);
	add_headers(&b, e);
	if (e->multipart == NULL)
		add_part(&b, &parts[0]);
	else
		add_multipart(&b, e, parts, n);
	t = (struct text){.at = arena_copy(a, b.data, b.n), .n = b.n};
	buf_free(&b);
	return t;
}
