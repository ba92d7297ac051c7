/* Texts into an answer; see judge.h. */
#include "hub/lookup/judge.h"

#include <string.h>

#include "hub/lookup/ask.h"
#include "hub/lookup/mailbox.h"
#include "proto/base/arena.h"

enum { TEXT_BYTES_MOST = 4096, PIECES_MOST = 64 };

/* What has been seen so far of one answer. */
struct tally {
	const char *keys[ASK_MAILBOXES_MOST];
	const char *refused; /* why, of the first refused mailbox */
	const char *wrong;   /* why, of the first piece that is none */
};

static const char *
text_wrong(struct text t)
{
	if (t.n > TEXT_BYTES_MOST)
		return "text is over 4096 bytes";
	for (size_t i = 0; i < t.n; i++) {
		unsigned char c = (unsigned char)t.at[i];

		if (c < 0x20 || c == 0x7f)
			return "text has control characters";
		if (strchr("\"()<>[]\\;:", c) != NULL)
			return "text has characters that no plain list has";
	}
	return NULL;
}

static void
add(struct arena *a, struct text piece, struct tally *seen,
    struct ask_answer *out)
{
	struct mailbox m;
	const char *why;
	enum mailbox_result r = mailbox_parse(a, piece, &m, &why);

	if (r == MAILBOX_MALFORMED && seen->wrong == NULL)
		seen->wrong = why;
	if (r == MAILBOX_REFUSED && seen->refused == NULL)
		seen->refused = why;
	if (r != MAILBOX_GOOD || out->mailboxes_n == ASK_MAILBOXES_MOST)
		return;
	for (size_t i = 0; i < out->mailboxes_n; i++)
		if (strcmp(seen->keys[i], m.key) == 0)
			return;
	seen->keys[out->mailboxes_n] = m.key;
	out->mailboxes[out->mailboxes_n++] = text_of(m.address);
}

static void
split(struct arena *a, struct text t, struct tally *seen,
    struct ask_answer *out)
{
	for (int pieces = 0; pieces < PIECES_MOST; pieces++) {
		const char *comma = memchr(t.at, ',', t.n);
		struct text piece = t;

		if (comma != NULL)
			piece.n = (size_t)(comma - t.at);
		add(a, text_trim(piece, " "), seen, out);
		if (comma == NULL)
			return;
		t.at += piece.n + 1;
		t.n -= piece.n + 1;
	}
}

/* All texts as people may read them, " | " between two. */
static struct text
said(struct arena *a, const struct text *texts, size_t n)
{
	char *out = arena_alloc(a, ASK_SAID_BYTES + 1);
	size_t used = 0;

	for (size_t i = 0; i < n && used < ASK_SAID_BYTES; i++) {
		if (i != 0)
			used += text_neuter(out + used, ASK_SAID_BYTES - used,
			    " | ", 3);
		used += text_neuter(out + used, ASK_SAID_BYTES - used,
		    texts[i].at, texts[i].n);
	}
	return (struct text){.at = out, .n = used};
}

void
judge_texts(struct arena *a, const struct text *texts, size_t n,
    struct ask_answer *out)
{
	struct tally seen = {0};

	out->mailboxes_n = 0;
	out->said = n == 0 ? (struct text){0} : said(a, texts, n);
	out->why = (struct text){0};
	for (size_t i = 0; i < n; i++) {
		const char *why = text_wrong(texts[i]);

		if (why == NULL)
			split(a, texts[i], &seen, out);
		else if (seen.wrong == NULL)
			seen.wrong = why;
	}
	if (out->mailboxes_n != 0) {
		out->state = ASK_FOUND;
		return;
	}
	out->state = seen.refused != NULL ? ASK_REFUSED : ASK_NONE;
	if (seen.refused != NULL)
		out->why = text_of(seen.refused);
	else
		out->why = text_of(arena_printf(a, "no mailbox in it: %s",
		    seen.wrong == NULL ? "no text" : seen.wrong));
}
