/* plaintiff digest: the week for whoever runs the hub, as text or as a mail
 * to report.from.  Foreign text in it is made harmless, and there is none in
 * the mail's headers. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "hub/conf.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/ctl_rows.h"
#include "hub/ctl/mail.h"
#include "hub/ctl/table.h"
#include "hub/db.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/log.h"

enum { DAYS = 7, LINE_MOST = 70, NAME_BYTES = 16 };

struct digest {
	struct db_rows *counts, *notes;
};

static int
read_all(struct ctl *c, struct digest *d)
{
	if (db_script(c->db, "SET statement_timeout = '10min'") != DB_OK ||
	    ctl_rows_number(c, "ctl_digest_counts", DAYS, &d->counts) < 0)
		return -1;
	return ctl_rows_number(c, "ctl_digest_notes", DAYS, &d->notes);
}

static void
add_cell(struct buf *out, const struct db_rows *rows, size_t row, size_t col)
{
	const char *s = db_string(rows, row, col);

	table_neuter(out, s, strlen(s));
}

/* A heading where the first column changes. */
static void
heading(struct buf *out, const struct db_rows *rows, size_t row)
{
	if (row != 0 && strcmp(db_string(rows, row, 0),
	        db_string(rows, row - 1, 0)) == 0)
		return;
	buf_putc(out, '\n');
	add_cell(out, rows, row, 0);
	buf_putc(out, '\n');
}

static void
write_text(const struct ctl *c, const struct digest *d, struct buf *out)
{
	buf_puts(out, "Plaintiff, the last 7 days at hub ");
	table_neuter(out, c->conf->hub_name, strlen(c->conf->hub_name));
	buf_puts(out, c->conf->deliver_live ? "\n"
	    : ", which is not live: mail is written to files\n");
	for (size_t i = 0; i < db_rows_count(d->counts); i++) {
		heading(out, d->counts, i);
		buf_printf(out, "  %8lld  ", (long long)db_int(d->counts, i,
		    2));
		add_cell(out, d->counts, i, 1);
		buf_putc(out, '\n');
	}
	for (size_t i = 0; i < db_rows_count(d->notes); i++) {
		heading(out, d->notes, i);
		buf_puts(out, "  ");
		add_cell(out, d->notes, i, 1);
		buf_putc(out, '\n');
	}
}

/* Quoted-printable (RFC 2045 6.7), with CRLF. */
static void
add_quoted(struct buf *out, const struct buf *text)
{
	size_t line = 0;

	for (size_t i = 0; i < text->n; i++) {
		unsigned char b = (unsigned char)text->data[i];
		bool last = i + 1 == text->n || text->data[i + 1] == '\n';

		if (b == '\n') {
			buf_puts(out, "\r\n");
			line = 0;
			continue;
		}
		if (line >= LINE_MOST) {
			buf_puts(out, "=\r\n");
			line = 0;
		}
		if (b < ' ' || b > '~' || b == '=' || (b == ' ' && last) ||
		    (b == '.' && line == 0)) {
			buf_printf(out, "=%02X", b);
			line += 3;
		} else {
			buf_putc(out, (char)b);
			line++;
		}
	}
}

static void
write_mail(const struct ctl *c, const char *name, const struct buf *text,
    struct buf *out)
{
	char date[64];
	time_t now = time(NULL);
	struct tm tm;

	(void)gmtime_r(&now, &tm);
	(void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
	buf_printf(out, "From: <%s>\r\nTo: <%s>\r\n"
	    "Subject: Plaintiff: the week\r\nDate: %s\r\n"
	    "Message-ID: <digest-%s@%s>\r\nAuto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
	    c->conf->report_from, c->conf->report_from, date, name,
	    c->conf->hub_domain);
	add_quoted(out, text);
}

static int
send(struct ctl *c, const struct buf *text)
{
	unsigned char raw[NAME_BYTES / 2];
	char name[NAME_BYTES + 1];
	struct buf mail = {0};
	const char *said = "";
	bool sent;

	if (mail_ready(c->conf) < 0)
		return EX_CONFIG;
	randombytes_buf(raw, sizeof raw);
	(void)sodium_bin2hex(name, sizeof name, raw, sizeof raw);
	write_mail(c, name, text, &mail);
	sent = mail_to_me(c->conf, arena_printf(c->arena, "digest-%s", name),
	    c->conf->report_from,
	    (struct text){.at = mail.data, .n = mail.n}, c->arena, &said);
	buf_free(&mail);
	if (!sent) {
		log_error("the digest did not go: %s", said);
		return EX_TEMPFAIL;
	}
	printf("to %s: %s\n", c->conf->report_from, said);
	return EX_OK;
}

int
ctl_digest(struct ctl *c)
{
	struct digest d = {0};
	struct buf out = {0};
	int code = EX_SOFTWARE;

	if (read_all(c, &d) == 0) {
		code = EX_OK;
		if (c->json) {
			buf_puts(&out, "{\"counts\": ");
			table_json(&out, d.counts);
			buf_puts(&out, ",\n\"notes\": ");
			table_json(&out, d.notes);
			buf_puts(&out, "}\n");
		} else {
			write_text(c, &d, &out);
		}
		if (c->args[0] != NULL)
			code = send(c, &out);
		else
			table_flush(&out);
	}
	buf_free(&out);
	db_rows_free(d.counts);
	db_rows_free(d.notes);
	return code;
}
