/* What an answer says; see reply.h.  What is cut off: reply_cut.c; tickets
 * and web addresses: reply_find.c. */
#include "hub/bounce/reply.h"

#include <assert.h>

#include "hub/bounce/parse.h"
#include "hub/bounce/reply_inside.h"
#include "hub/bounce/reply_words.h"
#include "hub/bounce/words.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

static const char *const automatic_subject[] = {"automatic reply", "auto-reply",
    "autoreply", "auto reply", "auto:", "automatische antwort",
    "reponse automatique", "respuesta automatica", "automated response", NULL};

static const char *const automatic_sender[] = {"noreply*", "no-reply*",
    "donotreply*", "do-not-reply*", "no_reply*", "autoresponder*",
    "autoreply*", NULL};

/* What the judging looks at, folded. */
struct words {
	struct text all;
	struct text subject;
	bool automatic;
};

const char *
reply_kind_name(enum reply_kind kind)
{
	static const char *const names[REPLY_KINDS] = {
	    [REPLY_RECEIPT] = "receipt", [REPLY_AWAY] = "away",
	    [REPLY_FORM] = "form", [REPLY_NOT_OURS] = "not_ours",
	    [REPLY_FORWARDED] = "forwarded", [REPLY_FIXED] = "fixed",
	    [REPLY_HUMAN] = "human"};

	assert((unsigned)kind < REPLY_KINDS);
	return names[kind];
}

/* Folded, with a full stop for each empty line: a heading or a list is no
 * part of the sentence behind it. */
static struct text
fold_paragraphs(struct arena *a, struct text t)
{
	struct buf b = {0};
	struct text out;

	for (size_t i = 0; i < t.n; i++) {
		buf_putc(&b, t.at[i]);
		if (t.at[i] == '\n' && i + 1 < t.n && t.at[i + 1] == '\n')
			buf_puts(&b, " . ");
	}
	out = words_fold(a, (struct text){.at = b.data == NULL ? "" : b.data,
	    .n = b.n});
	buf_free(&b);
	return out;
}

/* The next sentence with the mark at its end; false when none is left. */
static bool
sentence_next(struct text *t, struct text *out)
{
	size_t n = 0;

	if (t->n == 0)
		return false;
	while (n < t->n && !(strchr(".!?;", t->at[n]) != NULL &&
	        (n + 1 == t->n || t->at[n + 1] == ' ')))
		n++;
	n += n < t->n;
	*out = (struct text){.at = t->at, .n = n};
	t->at += n;
	t->n -= n;
	return true;
}

/* Does a sentence say it without a word that makes it say less? */
static bool
says(struct text words, const char *const *what, const char *const *guard)
{
	struct text s;

	while (sentence_next(&words, &s))
		if (words_have(s, what) && !words_have(s, guard))
			return true;
	return false;
}

static enum reply_kind
judge(const struct words *w, const struct reply *r, const struct parsed *m)
{
	bool receipt = words_have(w->all, reply_words_receipt) ||
	    words_have(w->subject, reply_words_receipt);
	bool ticket = r->ticket.at != NULL;

	if (m->report == PARSE_DISPOSITION)
		return REPLY_RECEIPT;
	if (m->report == PARSE_FEEDBACK)
		return REPLY_HUMAN;
	if (m->away || words_have(w->subject, reply_words_away) ||
	    (w->automatic && !ticket && words_have(w->all, reply_words_away)))
		return REPLY_AWAY;
	if (!w->automatic && says(w->all, reply_words_fixed, reply_words_guard))
		return REPLY_FIXED;
	if (says(w->all, reply_words_not_ours, reply_words_if))
		return REPLY_NOT_OURS;
	if (says(w->all, reply_words_forwarded, reply_words_if))
		return REPLY_FORWARDED;
	if (r->url.at != NULL && (words_have(w->all, reply_words_only) ||
	        (words_have(w->all, reply_words_form) &&
	            !(ticket && receipt))))
		return REPLY_FORM;
	if (w->automatic)
		return REPLY_RECEIPT;
	/* a person who asks is no receipt, however polite */
	if (receipt && ticket && memchr(w->all.at, '?', w->all.n) == NULL)
		return REPLY_RECEIPT;
	return REPLY_HUMAN;
}

static struct text
or_empty(struct text t)
{
	return t.at == NULL ? TEXT("") : t;
}

void
reply_judge(struct arena *a, const struct parsed *m, struct text ours,
    struct reply *out)
{
	struct text subject = or_empty(m->subject);
	struct words w = {.subject = words_fold(a, subject)};

	*out = (struct reply){.text = reply_cut(a, m->text, or_empty(ours))};
	w.all = fold_paragraphs(a, out->text);
	w.automatic = m->automatic || m->null_sender ||
	    words_have(w.subject, automatic_subject) ||
	    words_have(words_fold(a, or_empty(m->sender)), automatic_sender);
	out->ticket = reply_ticket(a, subject, true);
	if (out->ticket.at == NULL)
		out->ticket = reply_ticket(a, out->text, false);
	out->url = reply_url(a, out->text);
	out->kind = judge(&w, out, m);
	if (out->kind != REPLY_FORM)
		out->url = (struct text){0};
}
