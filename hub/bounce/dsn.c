/* What a bounce means; see dsn.h. */
#include "hub/bounce/dsn.h"

#include <assert.h>
#include <strings.h>

#include "hub/bounce/dsn_words.h"
#include "hub/bounce/parse.h"
#include "hub/bounce/words.h"
#include "proto/base/arena.h"

struct code {
	int class, subject, detail; /* 0: none */
};

const char *
dsn_class_name(enum dsn_class class)
{
	static const char *const names[DSN_CLASSES] = {[DSN_HARD] = "hard",
	    [DSN_SOFT] = "soft", [DSN_POLICY] = "policy",
	    [DSN_DELAYED] = "delayed", [DSN_RELAYED] = "relayed"};

	assert((unsigned)class < DSN_CLASSES);
	return names[class];
}

static bool
equal(struct text a, const char *s)
{
	return a.n == strlen(s) && strncasecmp(a.at, s, a.n) == 0;
}

/* ---- codes ---- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One to three digits at s; 0 characters when there are none. */
static size_t
number(const char *s, size_t n, int *out)
{
	size_t i = 0;

	*out = 0;
	while (i < n && i < 3 && is_digit(s[i]))
		*out = *out * 10 + (s[i++] - '0');
	return i < n && is_digit(s[i]) ? 0 : i;
}

/* "5.1.1" and nothing like an address or a version. */
static bool
code_read(const char *s, size_t n, struct code *out)
{
	struct code c = {0};
	size_t a, b;

	*out = c;
	if (n < 5 || strchr("245", s[0]) == NULL || s[1] != '.')
		return false;
	a = number(s + 2, n - 2, &c.subject);
	if (a == 0 || 2 + a >= n || s[2 + a] != '.')
		return false;
	b = number(s + 3 + a, n - 3 - a, &c.detail);
	if (b == 0 || (4 + a + b < n && s[3 + a + b] == '.' &&
	        is_digit(s[4 + a + b])))
		return false;
	c.class = s[0] - '0';
	*out = c;
	return true;
}

/* The first code that stands where servers write it: behind the three digits
 * of SMTP, behind "#", or at the beginning. */
static bool
code_find(struct text t, struct code *out)
{
	for (size_t i = 0; i < t.n; i++) {
		bool smtp = i >= 4 && (t.at[i - 1] == ' ' ||
		        t.at[i - 1] == '-') && is_digit(t.at[i - 2]) &&
		    is_digit(t.at[i - 3]) && is_digit(t.at[i - 4]);

		if ((i == 0 || t.at[i - 1] == '#' || smtp) &&
		    code_read(t.at + i, t.n - i, out))
			return true;
	}
	return false;
}

/* The first "550 " or "550-" as a class of its own: 5. */
static int
smtp_class(struct text t)
{
	for (size_t i = 0; i + 3 < t.n; i++)
		if ((t.at[i] == '4' || t.at[i] == '5') &&
		    (i == 0 || !(is_digit(t.at[i - 1]) ||
		        t.at[i - 1] == '.')) &&
		    t.at[i + 1] >= '0' && t.at[i + 1] <= '7' &&
		    is_digit(t.at[i + 2]) &&
		    (t.at[i + 3] == ' ' || t.at[i + 3] == '-'))
			return t.at[i] - '0';
	return 0;
}

/* ---- the class ---- */

static enum dsn_class
by_words(struct text words)
{
	if (words_have(words, dsn_words_refused))
		return DSN_POLICY;
	if (words_have(words, dsn_words_later))
		return DSN_SOFT;
	if (words_have(words, dsn_words_nobody))
		return DSN_HARD;
	return words_have(words, dsn_words_denied) ? DSN_POLICY : DSN_SOFT;
}

/* RFC 3463, and what servers make of it. */
static enum dsn_class
by_code(struct code c, struct text words)
{
	switch (c.subject) {
	case 1: /* address; 7 and 8 mean ours */
		return c.detail == 7 || c.detail == 8 ? DSN_POLICY : DSN_HARD;
	case 2:
		if (c.detail == 1)
			return DSN_HARD;
		return c.detail == 3 ? DSN_POLICY : DSN_SOFT;
	case 3:
		return c.detail == 4 ? DSN_POLICY : DSN_SOFT;
	case 4: /* routing: no such domain, or a network that is broken */
		return words_have(words, dsn_words_nobody) ? DSN_HARD
		                                           : DSN_SOFT;
	case 6:
	case 7:
		return DSN_POLICY;
	default:
		return by_words(words);
	}
}

static enum dsn_class
classify(struct code c, struct text words)
{
	enum dsn_class class;

	if (c.class == 4)
		return DSN_SOFT;
	class = by_code(c, words);
	if (class != DSN_HARD)
		return class;
	if (words_have(words, dsn_words_refused))
		return DSN_POLICY;
	if (words_have(words, dsn_words_later))
		return DSN_SOFT;
	if (words_have(words, dsn_words_denied) &&
	    !words_have(words, dsn_words_nobody))
		return DSN_POLICY;
	return DSN_HARD;
}

static void
set_status(struct arena *a, struct code c, struct dsn *out)
{
	if (c.class != 0)
		out->status = text_of(arena_printf(a, "%d.%d.%d", c.class,
		    c.subject, c.detail));
}

/* ---- whom it speaks of ---- */

/* The same mailbox, or the same name on a host of its domain, as a server
 * writes a local recipient. */
static bool
is_recipient(struct text said, struct text recipient)
{
	const char *a = memchr(recipient.at, '@', recipient.n);
	const char *b = said.at == NULL ? NULL : memchr(said.at, '@', said.n);
	size_t local, domain, theirs;

	if (a == NULL || b == NULL)
		return false;
	local = (size_t)(a - recipient.at);
	domain = recipient.n - local - 1;
	theirs = said.n - local - 1;
	if ((size_t)(b - said.at) != local || said.n < recipient.n ||
	    strncasecmp(said.at, recipient.at, local) != 0 ||
	    strncasecmp(said.at + said.n - domain, a + 1, domain) != 0)
		return false;
	return theirs == domain || said.at[said.n - domain - 1] == '.';
}

static bool
group_is_own(const struct parse_group *g, struct text recipient)
{
	return (g->final.n == 0 && g->original.n == 0) ||
	    is_recipient(g->original, recipient) ||
	    is_recipient(g->final, recipient);
}

/* Of several, the one about our recipient; else the first that failed. */
static const struct parse_group *
choose(const struct parsed *m, struct text recipient)
{
	const struct parse_group *failed = NULL;

	for (size_t i = 0; i < m->groups_n; i++) {
		const struct parse_group *g = &m->groups[i];

		if (g->action.at == NULL && g->status.at == NULL)
			continue; /* about the message */
		if (group_is_own(g, recipient))
			return g;
		if (failed == NULL || (equal(g->action, "failed") &&
		        !equal(failed->action, "failed")))
			failed = g;
	}
	return failed;
}

/* ---- the two forms ---- */

/* The text of the notice, without the mail that some put behind it. */
static struct text
notice(struct arena *a, const struct parsed *m)
{
	struct text t = words_fold(a, m->text);
	const char *end = NULL;

	for (size_t i = 0; dsn_words_copy[i] != NULL; i++) {
		const char *one = strstr(t.at, dsn_words_copy[i]);

		if (one != NULL && one != t.at && (end == NULL || one < end))
			end = one;
	}
	if (end != NULL)
		t.n = (size_t)(end - t.at);
	return t;
}

static void
judge_group(struct arena *a, const struct parsed *m,
    const struct parse_group *g, struct text recipient, struct dsn *out)
{
	struct text words = g->diagnostic.at == NULL ? notice(a, m)
	    : words_fold(a, g->diagnostic);
	struct text where = g->diagnostic.at == NULL ? words : g->diagnostic;
	struct code c = {0}, said;

	if (g->status.at != NULL)
		(void)code_read(g->status.at, g->status.n, &c);
	/* a status that says nothing, or that of the server in between */
	if (code_find(where, &said) && (c.class == 0 || c.subject == 0))
		c = said;
	if (c.class == 0)
		c.class = smtp_class(words);
	out->recipient = g->final.n != 0 ? g->final : g->original;
	out->diagnostic = where;
	out->own = group_is_own(g, recipient);
	set_status(a, c, out);
	if (equal(g->action, "delayed"))
		out->class = DSN_DELAYED;
	else if (equal(g->action, "delivered") || equal(g->action, "relayed") ||
	    equal(g->action, "expanded") || c.class == 2)
		out->class = DSN_RELAYED;
	else
		out->class = classify(c, words);
}

static bool
speaks_of(struct text words, struct text recipient)
{
	return recipient.n != 0 &&
	    memmem(words.at, words.n, recipient.at, recipient.n) != NULL;
}

static void
judge_text(struct arena *a, const struct parsed *m, struct text recipient,
    struct dsn *out)
{
	struct text words = notice(a, m);
	struct text subject = words_fold(a, m->subject.at == NULL ? TEXT("")
	    : m->subject);
	struct text about = words_fold(a, recipient);
	struct code c = {0};

	if (!code_find(words, &c))
		c.class = smtp_class(words);
	set_status(a, c.subject == 0 && c.detail == 0 ? (struct code){0} : c,
	    out);
	out->diagnostic = words;
	out->recipient = m->failed;
	out->own = speaks_of(words, about) ||
	    (m->failed.at != NULL ? is_recipient(m->failed, recipient)
	                          : memchr(words.at, '@', words.n) == NULL);
	if (words_have(words, dsn_words_delayed) ||
	    words_have(subject, dsn_words_delayed))
		out->class = DSN_DELAYED;
	else
		out->class = classify(c, words);
}

/* Without a delivery report: a sender that is a program, and words. */
static bool
looks_like_a_bounce(struct arena *a, const struct parsed *m)
{
	static const struct text none = {.at = "", .n = 0};
	struct text from = words_fold(a, m->from.at == NULL ? none : m->from);
	struct text subject = words_fold(a, m->subject.at == NULL ? none
	    : m->subject);

	if (m->report == PARSE_DISPOSITION || m->report == PARSE_FEEDBACK)
		return false;
	if (!m->null_sender && !words_have(from, dsn_words_sender))
		return false;
	return m->failed.at != NULL ||
	    words_have(subject, dsn_words_subject) ||
	    words_have(words_fold(a, m->text), dsn_words_opening);
}

void
dsn_judge(struct arena *a, const struct parsed *m, struct text recipient,
    struct dsn *out)
{
	const struct parse_group *g = choose(m, recipient);

	*out = (struct dsn){.class = DSN_NO_BOUNCE};
	if (g != NULL && m->report != PARSE_DISPOSITION &&
	    m->report != PARSE_FEEDBACK)
		judge_group(a, m, g, recipient, out);
	else if (m->report == PARSE_DELIVERY || looks_like_a_bounce(a, m))
		judge_text(a, m, recipient, out);
}
