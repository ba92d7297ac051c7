/*
 * Shows that foreign text gets no hold of a mail.  usage:
 *
 *	hostile_mails MAILBOXES TEXTS [SEED]
 *
 * MAILBOXES random recipients: what compose takes must be the one recipient,
 * under exactly the headers of the template.  TEXTS random logins and service
 * names: the mail must be, byte for byte, that of harmless ones, but for the
 * tokens that stand for logins.  And as many random names of the operator: no
 * line of a document may be one that a mail system changes.  Prints the
 * counts; exits 1 when one is wrong.  Broken mails and lines are shown to the
 * judges first: they must refuse them.
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "hub/report/entry.h"
#include "hub/report/xarf.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "tests/golden/facts.h"

static const char *const pieces[] = {"\r\n", "\n", "\r", "Bcc: x@evil.example",
    "\r\nBcc: x@evil.example", "\r\n\r\n", "\r\n.\r\n", "\nTo: ", "\n ", "\t",
    " ", ",", ", x@evil.example", ";", ":", "<", ">", "<x@evil.example>", "\"",
    "\\", "(", ")", "[192.0.2.1]", "@", "@@", "abuse", "isp.example", ".", "..",
    "-", "--", "--=_", "=_", "=?utf-8?q?=0D=0ABcc:_x?=", "=0D=0A", "%0d%0a",
    "\xc3\xbc", "\xe2\x80\xa8", "\xff", "\x1b[2J", "\x7f", "\x01", "|", "`id`",
    "$(id)", "'", "=cmd|'/C x'!A0", "+1", "{n}", "{address}", "%s", "%n",
    "From ", "Content-Type: text/html", "a", "b", "x-y", "0"};
enum { PIECES = sizeof pieces / sizeof pieces[0] };

static uint64_t seed;

/* xorshift64*: the same seed gives the same texts everywhere. */
static uint32_t
draw(uint32_t below)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)((seed * UINT64_C(2685821657736338717)) >> 33) %
	    below;
}

static const char *
hostile_text(struct buf *b)
{
	buf_reset(b);
	for (uint32_t n = 1 + draw(6); n != 0; n--)
		buf_puts(b, pieces[draw(PIECES)]);
	return b->data;
}

/* Half of them a good one with something in it. */
static const char *
hostile_mailbox(struct buf *b)
{
	buf_reset(b);
	if (draw(2) == 0)
		return hostile_text(b);
	buf_puts(b, "abuse");
	if (draw(2) == 0)
		buf_puts(b, pieces[draw(PIECES)]);
	buf_puts(b, "@isp");
	if (draw(2) == 0)
		buf_puts(b, pieces[draw(PIECES)]);
	buf_puts(b, ".example");
	if (draw(3) == 0)
		buf_puts(b, pieces[draw(PIECES)]);
	return b->data;
}

/* The next header of a mail, unfolded; false at the empty line, or when a
 * line does not end in CRLF. */
static bool
next_header(struct text *mail, struct buf *out)
{
	buf_reset(out);
	while (mail->n != 0) {
		const char *end = memchr(mail->at, '\n', mail->n);
		size_t n = end == NULL ? 0 : (size_t)(end - mail->at);
		bool folded = *mail->at == ' ' || *mail->at == '\t';

		if (n == 0 || end[-1] != '\r' ||
		    memchr(mail->at, '\r', n) != end - 1)
			return false;
		if (out->n != 0 && !folded)
			return true;
		if (n == 1)
			return false;
		buf_add(out, mail->at, n - 1);
		mail->at += n + 1;
		mail->n -= n + 1;
	}
	return false;
}

/* Has the mail the headers of the template, and this recipient alone? */
static bool
is_sound(struct text mail, const char *to)
{
	static const char *const names[] = {"From: ", "Reply-To: ", "To: ",
	    "Subject: ", "Date: ", "Message-Id: ", "Auto-Submitted: ",
	    "MIME-Version: ", "Content-Type: ", "Content-Transfer-Encoding: "};
	const size_t count = sizeof names / sizeof names[0];
	struct buf header = {0};
	bool sound = true;
	size_t i;

	for (i = 0; next_header(&mail, &header); i++) {
		size_t n;

		if (i == count) {
			sound = false;
			break;
		}
		n = strlen(names[i]);
		sound = sound && header.n > n &&
		    strncasecmp(header.data, names[i], n) == 0;
		if (sound && strcmp(names[i], "To: ") == 0)
			sound = strcmp(header.data + n, to) == 0;
	}
	buf_free(&header);
	return sound && i == count && mail.n > 2 &&
	    memcmp(mail.at, "\r\n", 2) == 0;
}

/* All tokens the same, so that only what should not differ can. */
static void
mask_tokens(char *s, size_t n)
{
	static const char mark[] = "user-";
	const size_t m = sizeof mark - 1, hex = 6;

	for (size_t i = 0; i + m + hex <= n; i++)
		if (memcmp(s + i, mark, m) == 0)
			memset(s + i + m, '0', hex);
}

/* A document with its evidence decoded and the hash left out. */
static void
open_document(struct buf *out, struct text t)
{
	static const char key[] = "\"payload\": \"", hash[] = "\"sha256:";
	char *payload = memmem(t.at, t.n, key, sizeof key - 1), *end, *sum;
	size_t n = 0;

	buf_reset(out);
	if (payload == NULL)
		return;
	payload += sizeof key - 1;
	end = strchr(payload, '"');
	sum = strstr(end, hash);
	buf_add(out, t.at, (size_t)(payload - t.at));
	(void)buf_reserve(out, t.n);
	(void)sodium_base642bin((unsigned char *)out->data + out->n, t.n,
	    payload, (size_t)(end - payload), NULL, &n, NULL,
	    sodium_base64_VARIANT_ORIGINAL);
	out->n += n;
	buf_add(out, end, (size_t)(sum - end));
	buf_puts(out, strchr(sum, '\n'));
	mask_tokens(out->data, out->n);
}

/* Text and CSV as they are sent, and the document opened. */
static int
everything(struct arena *a, const char *login, const char *service,
    struct buf *out)
{
	struct compose_event e = facts_event(60, KIND_AUTH_FAILURE, 4711,
	    "192.0.2.25", 25, service, login);
	const struct compose_source s = facts_source("203.0.113.7", &e, 1);
	struct compose_facts f = facts_of(&s, 1);
	struct composed made;
	struct buf document = {0};
	const char *why;

	f.xarf_max = 0;
	if (compose_mails(&f, a, &made, &why) < 0)
		return -1;
	buf_reset(out);
	buf_add(out, made.mails->mail.at, made.mails->mail.n);
	mask_tokens(out->data, out->n);
	f.entries = entry_all(&f, a);
	open_document(&document, xarf_document(&f, 0, a));
	buf_add(out, document.data, document.n);
	buf_free(&document);
	return 0;
}

/* Are all lines of the document such that nothing on the way changes one, or
 * takes it for a boundary?  A byte over 0x7f is harmless: then the document
 * goes as base64. */
static bool
lines_are_harmless(struct text t)
{
	char before = '\n';

	for (size_t i = 0; i < t.n; i++) {
		char c = t.at[i];

		if (before == '\n' && (c == '\n' || !strchr(" {}", c)))
			return false;
		if (before == ' ' && c == '\n')
			return false;
		if (((unsigned char)c < 0x20 && c != '\n') || c == 0x7f)
			return false;
		before = c;
	}
	return before == '\n';
}

static size_t
documents(size_t count)
{
	const struct compose_event e = facts_event(60, KIND_AUTH_FAILURE, 4711,
	    "192.0.2.25", 25, "postfix/smtpd", "info");
	const struct compose_source s = facts_source("203.0.113.7", &e, 1);
	struct compose_facts f = facts_of(&s, 1);
	struct arena *a = arena_open(0);
	struct buf name = {0};
	size_t bad = 0;

	for (size_t i = 0; i < count; i++) {
		arena_reset(a);
		f.entries = entry_all(&f, a);
		f.organisation = hostile_text(&name);
		bad += !lines_are_harmless(xarf_document(&f, 0, a));
	}
	printf("names %zu, documents with a line that may be changed %zu\n",
	    count, bad);
	buf_free(&name);
	arena_close(a);
	return bad;
}

static size_t
texts(size_t count)
{
	struct arena *a = arena_open(0);
	struct buf good = {0}, made = {0}, login = {0}, service = {0};
	size_t bad = 0;

	if (everything(a, "somebody", "x", &good) < 0)
		bad++;
	for (size_t i = 0; i < count; i++) {
		arena_reset(a);
		if (everything(a, hostile_text(&login),
		        hostile_text(&service), &made) < 0 ||
		    made.n != good.n ||
		    memcmp(made.data, good.data, made.n) != 0)
			bad++;
	}
	printf("texts %zu, mails that differ from the harmless one %zu\n",
	    count, bad);
	buf_free(&service);
	buf_free(&login);
	buf_free(&made);
	buf_free(&good);
	arena_close(a);
	return bad;
}

static size_t
mailboxes(size_t count)
{
	const struct compose_event e = facts_event(60, KIND_AUTH_FAILURE, 4711,
	    "192.0.2.25", 25, "postfix/smtpd", "info");
	const struct compose_source s = facts_source("203.0.113.7", &e, 1);
	struct compose_facts f = facts_of(&s, 1);
	struct arena *a = arena_open(0);
	struct buf to = {0};
	size_t bad = 0, taken = 0;

	f.mode = COMPOSE_TEXT;
	for (size_t i = 0; i < count; i++) {
		struct composed made;
		const char *why;

		arena_reset(a);
		f.to = hostile_mailbox(&to);
		if (compose_mails(&f, a, &made, &why) < 0)
			continue;
		taken++;
		bad += !is_sound(made.mails->mail, f.to);
	}
	printf("mailboxes %zu, taken %zu, with another header or recipient "
	       "%zu\n", count, taken, bad);
	buf_free(&to);
	arena_close(a);
	/* when all are refused, nothing was shown */
	return bad + (taken < count / 100);
}

/* The judge must see what it is there for. */
static bool
judge_is_awake(void)
{
	static const char head[] =
	    "From: a@b\r\nReply-To: a@b\r\nTo: %s\r\nSubject: x%s\r\n"
	    "Date: x\r\nMessage-Id: x\r\nAuto-Submitted: x\r\n"
	    "MIME-Version: 1.0\r\nContent-Type: x\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\ntext\r\n";
	static const struct {
		const char *to, *behind;
		bool sound;
	} table[] = {{"c@d", "", true}, {"c@d", "\r\n folded", true},
	    {"c@d, e@f", "", false}, {"e@f", "", false},
	    {"c@d", "\r\nBcc: e@f", false}, {"c@d", "\nBcc: e@f", false},
	    {"c@d", "\r\n\r\nmore", false}, {"c@d\rTo: e@f", "", false}};
	static const char *const lines[] = {"{\n.\n}\n", "{\nFrom x\n}\n",
	    "{\n--=_x\n}\n", "{\n\n}\n", "{\n \n}\n", "{\r\n}\n",
	    "{\n \"\r\"\n}\n", "{\n \"\x1b\"\n}\n", "{\n}"};
	struct arena *a = arena_open(0);
	struct buf one = {0}, other = {0};
	bool awake = true;

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		const char *mail = arena_printf(a, head, table[i].to,
		    table[i].behind);

		awake &= is_sound(text_of(mail), "c@d") == table[i].sound;
	}
	/* another service is seen, another login is not */
	awake &= everything(a, "a", "x", &one) == 0 &&
	    everything(a, "b", "postfix/submission/smtpd", &other) == 0 &&
	    (one.n != other.n || memcmp(one.data, other.data, one.n) != 0);
	awake &= everything(a, "b", "y", &other) == 0 && one.n == other.n &&
	    memcmp(one.data, other.data, one.n) == 0;
	awake &= lines_are_harmless(TEXT("{\n \".\": \"x \"\n}\n"));
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		awake &= !lines_are_harmless(text_of(lines[i]));
	buf_free(&other);
	buf_free(&one);
	arena_close(a);
	return awake;
}

int
main(int argc, char **argv)
{
	size_t bad;

	if (argc < 3) {
		fprintf(stderr,
		    "usage: hostile_mails MAILBOXES TEXTS [SEED]\n");
		return EX_USAGE;
	}
	seed = argc > 3 ? strtoull(argv[3], NULL, 10) | 1 : 88172645463325252;
	if (!judge_is_awake()) {
		fprintf(stderr,
		    "the judge takes broken mails for sound ones\n");
		return EX_SOFTWARE;
	}
	bad = mailboxes(strtoull(argv[1], NULL, 10)) +
	    texts(strtoull(argv[2], NULL, 10)) +
	    documents(strtoull(argv[2], NULL, 10));
	return bad == 0 ? EX_OK : 1;
}
