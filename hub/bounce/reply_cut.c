/* What a person wrote, without what he quotes; see reply_inside.h. */
#include "hub/bounce/reply_inside.h"
#include "hub/bounce/reply_words.h"
#include "hub/bounce/words.h"
#include "proto/base/arena.h"
#include "proto/base/buf.h"

enum { LINES_MOST = 4000, RULE = 20, SHORT = 4 };

struct lines {
	struct text *raw;    /* without blanks around */
	struct text *folded;
	size_t n;
};

static struct lines
split(struct arena *a, struct text t)
{
	struct lines l = {.raw = arena_array(a, LINES_MOST, sizeof *l.raw),
	    .folded = arena_array(a, LINES_MOST, sizeof *l.folded)};

	while (t.n != 0 && l.n < LINES_MOST) {
		const char *end = memchr(t.at, '\n', t.n);
		size_t n = end == NULL ? t.n : (size_t)(end - t.at);

		l.raw[l.n] = text_trim((struct text){.at = t.at, .n = n},
		    " \t\r");
		l.folded[l.n] = words_fold(a, l.raw[l.n]);
		l.n++;
		n += end != NULL;
		t.at += n;
		t.n -= n;
	}
	return l;
}

static bool
is_ours(struct text folded, const struct lines *ours)
{
	for (size_t i = 0; folded.n >= SHORT && i < ours->n; i++)
		if (text_equal(folded, ours->folded[i]))
			return true;
	return false;
}

/* "On Monday, somebody wrote:", of one line or two. */
static size_t
attribution(const struct lines *l, size_t i)
{
	static const char *const first[] = {"on ", "am ", "le ", "el ", "den ",
	    "quoting ", "zitat von ", "at "};
	static const char *const last[] = {"wrote:", "schrieb:", "a ecrit :",
	    "a ecrit:", "escribio:", "wrote :", "writes:", ">:"};

	for (size_t k = 0; k < sizeof first / sizeof first[0]; k++) {
		if (!text_begins(l->folded[i], first[k]))
			continue;
		for (size_t two = 0; two < 2 && i + two < l->n; two++)
			for (size_t e = 0; e < sizeof last / sizeof last[0];
			     e++)
				if (text_ends(l->folded[i + two], last[e]))
					return two + 1;
	}
	/* "Am ... schrieb somebody <x@y>:" */
	if (text_begins(l->folded[i], "am ") && text_ends(l->folded[i], ":") &&
	    memmem(l->folded[i].at, l->folded[i].n, " schrieb ", 9) != NULL)
		return 1;
	return 0;
}

/* The headers that Outlook puts above what it quotes. */
static bool
header_block(const struct lines *l, size_t i)
{
	static const char *const from[] = {"from:", "von:", "de:", "de :",
	    "*from:*", "*von:*", "*de :*", "*de:*"};
	static const char *const sent[] = {"sent:", "gesendet:", "date:",
	    "datum:", "envoye :", "envoye:", "enviado:", "enviado el:",
	    "fecha:", "*sent:*", "*gesendet:*", "*envoye", "*enviado",
	    "to:", "an:", "a:", "a :", "para:", "subject:", "betreff:"};
	bool is_from = false;

	for (size_t k = 0; k < sizeof from / sizeof from[0]; k++)
		is_from = is_from || text_begins(l->folded[i], from[k]);
	for (size_t j = i + 1; is_from && j < i + 3 && j < l->n; j++)
		for (size_t k = 0; k < sizeof sent / sizeof sent[0]; k++)
			if (text_begins(l->folded[j], sent[k]))
				return true;
	return false;
}

static bool
is_rule(struct text t)
{
	for (size_t i = 0; i < t.n; i++)
		if (t.at[i] != '_')
			return false;
	return t.n >= RULE;
}

static bool
quote_begins(const struct lines *l, size_t i)
{
	for (size_t k = 0; reply_words_quote[k] != NULL; k++)
		if (text_begins(l->folded[i], reply_words_quote[k]))
			return true;
	return header_block(l, i);
}

/* Is the next line with something on it a quoted one? */
static bool
quoted_follows(const struct lines *l, size_t i)
{
	while (i < l->n && l->raw[i].n == 0)
		i++;
	return i < l->n && l->raw[i].at[0] == '>';
}

struct text
reply_cut(struct arena *a, struct text body, struct text ours)
{
	struct lines l = split(a, body), known = split(a, ours);
	struct buf out = {0};
	struct text t;
	bool any = false;

	for (size_t i = 0; i < l.n; i++) {
		struct text line = l.raw[i];
		size_t said = attribution(&l, i);

		if (said != 0) {
			if (!quoted_follows(&l, i + said))
				break;
			i += said - 1;
			continue;
		}
		if (text_is(line, "--") || quote_begins(&l, i) ||
		    (is_rule(line) && any))
			break;
		if (is_rule(line) || (line.n != 0 && line.at[0] == '>') ||
		    is_ours(l.folded[i], &known))
			continue;
		any = any || line.n != 0;
		if (line.n != 0)
			buf_add(&out, line.at, line.n);
		if (any && (line.n != 0 || !(out.n >= 2 &&
		        out.data[out.n - 2] == '\n')))
			buf_putc(&out, '\n');
	}
	t = (struct text){.at = arena_copy(a, out.data == NULL ? "" : out.data,
	    out.n), .n = out.n};
	buf_free(&out);
	return t;
}
