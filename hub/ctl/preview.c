/*
 * plaintiff report preview, report send: what would be reported now.
 * Nothing is stored, no contact is written to, and nothing changes for the
 * reports that follow.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "hub/conf.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/mail.h"
#include "hub/ctl/resend.h"
#include "hub/ctl/table.h"
#include "hub/report/preview.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/log.h"

struct shown {
	struct buf out;
	bool json;
	size_t n;
};

static void
add_json(struct buf *out, const char *name, const char *s, size_t n)
{
	buf_printf(out, "\"%s\": \"", name);
	buf_json(out, s, n);
	buf_puts(out, "\", ");
}

static void
on_preview(void *ctx, const struct preview_mail *mail)
{
	struct shown *s = ctx;

	if (s->json) {
		buf_puts(&s->out, s->n++ == 0 ? "[\n{" : ",\n{");
		add_json(&s->out, "contact", mail->mailbox,
		    strlen(mail->mailbox));
		add_json(&s->out, "subject", mail->subject,
		    strlen(mail->subject));
		add_json(&s->out, "mail", mail->mail.at, mail->mail.n);
		buf_printf(&s->out, "\"sources\": %zu, \"events\": %lld}",
		    mail->sources, (long long)mail->events);
		return;
	}
	buf_printf(&s->out, "%s==== %zu %s, %lld %s, for ",
	    s->n++ == 0 ? "" : "\n", mail->sources,
	    mail->sources == 1 ? "address" : "addresses",
	    (long long)mail->events, mail->events == 1 ? "event" : "events");
	table_neuter(&s->out, mail->mailbox, strlen(mail->mailbox));
	buf_puts(&s->out, "\n\n");
	mail_show(&s->out, mail->mail, true);
}

int
ctl_report_preview(struct ctl *c)
{
	struct preview_ask ask = {.mailbox = c->args[0]};
	struct shown s = {.json = c->json};
	size_t count;

	if (preview_reports(c->db, c->conf, &ask, on_preview, &s, &count) !=
	    DB_OK) {
		buf_free(&s.out);
		return EX_DATAERR;
	}
	if (c->json)
		buf_puts(&s.out, count == 0 ? "[]\n" : "\n]\n");
	else if (count == 0)
		buf_puts(&s.out, "nothing is due\n");
	table_flush(&s.out);
	return EX_OK;
}

struct sending {
	const struct ctl *c;
	size_t failed;
};

static void
on_send(void *ctx, const struct preview_mail *mail)
{
	struct sending *s = ctx;
	struct arena *a = arena_open(0);
	struct buf line = {0};
	const char *said = "", *words;

	s->failed += !mail_to_me(s->c->conf, mail->uuid, mail->to, mail->mail,
	    a, &said);
	words = arena_printf(a, "for %s, to %s: %s", mail->mailbox, mail->to,
	    said);
	table_neuter(&line, words, strlen(words));
	buf_putc(&line, '\n');
	table_flush(&line);
	arena_close(a);
}

static int
send_to_me(struct ctl *c)
{
	struct preview_ask ask = {.to = c->conf->report_from};
	struct sending s = {.c = c};
	size_t count;

	if (mail_ready(c->conf) < 0)
		return EX_CONFIG;
	if (preview_reports(c->db, c->conf, &ask, on_send, &s, &count) != DB_OK)
		return EX_DATAERR;
	if (count == 0)
		puts("nothing is due");
	if (s.failed != 0) {
		log_error("%zu of %zu mails did not go", s.failed, count);
		return EX_TEMPFAIL;
	}
	return EX_OK;
}

static void
on_dry_run(void *ctx, const struct preview_mail *mail)
{
	struct buf *out = ctx;

	buf_printf(out, "%s%zu %s, %lld %s, to ", out->n == 0 ? "" : "\n",
	    mail->sources, mail->sources == 1 ? "address" : "addresses",
	    (long long)mail->events, mail->events == 1 ? "event" : "events");
	table_neuter(out, mail->mailbox, strlen(mail->mailbox));
	buf_puts(out, ": ");
	table_neuter(out, mail->subject, strlen(mail->subject));
}

static int
dry_run(struct ctl *c)
{
	struct preview_ask ask = {.mailbox = NULL};
	struct buf out = {0};
	size_t count;

	if (preview_reports(c->db, c->conf, &ask, on_dry_run, &out, &count) !=
	    DB_OK) {
		buf_free(&out);
		return EX_DATAERR;
	}
	buf_printf(&out, "%s%zu %s would be composed\n",
	    count == 0 ? "" : "\n", count, count == 1 ? "mail" : "mails");
	table_flush(&out);
	return EX_OK;
}

int
ctl_report_send(struct ctl *c)
{
	bool to_me = c->args[0] != NULL, dry = c->args[1] != NULL,
	     force = c->args[2] != NULL;
	const char *contact = c->args[3];

	if (to_me + dry + force != 1) {
		log_error("one of --to-me, --dry-run and --force; what is due "
		          "is sent by the stages");
		return EX_USAGE;
	}
	if (force != (contact != NULL)) {
		log_error(force ? "--force needs a mailbox"
		                : "only --force takes a mailbox");
		return EX_USAGE;
	}
	return force ? resend_force(c, contact)
	    : dry    ? dry_run(c)
	             : send_to_me(c);
}
