/* Sentences of the command line; see sentence.h. */
#include "hub/ctl/sentence.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "proto/base/arena.h"
#include "proto/base/text.h"
#include "proto/curve.h"

enum part_kind { PART_WORD, PART_CHOICE, PART_HOLE, PART_FLAG };

struct part {
	enum part_kind kind;
	bool optional;
	char text[40]; /* without brackets */
};

/* The next part of the sentence; false at its end. */
static bool
part_next(const char **at, struct part *p)
{
	const char *s = *at + strspn(*at, " ");
	size_t n = strcspn(s, " ");

	if (n == 0)
		return false;
	*at = s + n;
	p->optional = s[0] == '[';
	p->kind = s[0] == '[' || s[0] == '<' ? PART_HOLE : PART_WORD;
	if (p->kind == PART_HOLE) {
		s++;
		n -= 2;
	}
	if (n > 2 && s[0] == '-' && s[1] == '-')
		p->kind = PART_FLAG;
	else if (p->kind == PART_WORD && memchr(s, '|', n) != NULL)
		p->kind = PART_CHOICE;
	assert(n < sizeof p->text);
	memcpy(p->text, s, n);
	p->text[n] = '\0';
	return true;
}

static bool
is_flag(const char *word)
{
	return word[0] == '-' && word[1] == '-' && word[2] != '\0';
}

/* Is word one of "a|b|c"? */
static bool
is_choice(const char *choices, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = choices; *s != '\0'; s += s[0] == '|') {
		size_t m = strcspn(s, "|");

		if (m == n && memcmp(s, word, n) == 0)
			return true;
		s += m;
	}
	return false;
}

static bool
is_number(const char *s)
{
	size_t n = strlen(s);

	return n >= 1 && n <= 18 && strspn(s, "0123456789") == n;
}

/* As the CHECK of agent.name has it. */
static bool
is_agent_name(const char *s)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                              "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t n = strlen(s);

	return n >= 1 && n <= 63 && strchr(letters, s[0]) != NULL &&
	    strspn(s, letters) + strspn(s + strspn(s, letters),
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	        "0123456789._-") == n;
}

/* Does the value fit the hole's type?  Otherwise what it should be. */
static const char *
misfit(const char *hole, const char *value)
{
	if ((strcmp(hole, "id") == 0 || strcmp(hole, "number") == 0) &&
	    !is_number(value))
		return "a number";
	if (strcmp(hole, "name") == 0 && !is_agent_name(value))
		return "an agent's name: at most 63 letters, digits, \".\", "
		       "\"_\", \"-\", a letter or digit first";
	if (strcmp(hole, "key") == 0 && !curve_is_public(value))
		return "a public key: the 40 characters that plaintiff-agent "
		       "key prints";
	return NULL;
}

/* The next word that is no flag, or NULL. */
static const char *
word_next(const char *const *words, size_t n, size_t *i)
{
	while (*i < n && is_flag(words[*i]))
		(*i)++;
	return *i < n ? words[(*i)++] : NULL;
}

static bool
has_flag(const char *const *words, size_t n, const char *flag)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], flag) == 0)
			return true;
	return false;
}

/* Every flag on the command line is one of the sentence's. */
static int
check_flags(const char *sentence, const char *const *words, size_t n,
    struct arena *a, const char **why)
{
	for (size_t i = 0; i < n; i++) {
		const char *at = sentence;
		struct part p;
		bool known = false;

		while (is_flag(words[i]) && part_next(&at, &p))
			known |= p.kind == PART_FLAG &&
			    strcmp(p.text, words[i]) == 0;
		if (is_flag(words[i]) && !known) {
			*why = arena_printf(a, "%s is no option of \"%s\"",
			    words[i], sentence);
			return -1;
		}
	}
	return 0;
}

/* One part against the next word. */
static int
part_read(const struct part *p, const char *word, const char **value,
    struct arena *a, const char **why)
{
	const char *should = NULL;

	*value = word;
	if (word == NULL && p->optional)
		return 0;
	if (word == NULL) {
		*why = arena_printf(a, "%s is missing", p->text);
		return -1;
	}
	if (p->kind == PART_WORD && strcmp(p->text, word) != 0)
		should = p->text;
	else if (p->kind == PART_CHOICE && !is_choice(p->text, word))
		should = p->text;
	else if (p->kind == PART_HOLE)
		should = misfit(p->text, word);
	if (should == NULL)
		return 0;
	*why = arena_printf(a, "\"%s\" is not %s", word, should);
	return -1;
}

int
sentence_read(const char *sentence, const char *const *words, size_t n,
    const char *args[SENTENCE_MOST_ARGS], struct arena *a, const char **why)
{
	const char *at = sentence, *value;
	size_t i = 0, used = 0;
	struct part p;

	if (check_flags(sentence, words, n, a, why) < 0)
		return -1;
	memset(args, 0, sizeof args[0] * SENTENCE_MOST_ARGS);
	while (part_next(&at, &p)) {
		assert(used < SENTENCE_MOST_ARGS);
		if (p.kind == PART_FLAG) {
			bool there = has_flag(words, n, p.text);

			if (!there && !p.optional) {
				*why = arena_printf(a, "%s is missing", p.text);
				return -1;
			}
			args[used++] = there ? arena_string(a, p.text) : NULL;
			continue;
		}
		if (part_read(&p, word_next(words, n, &i), &value, a, why) < 0)
			return -1;
		if (p.kind != PART_WORD)
			args[used++] = value;
	}
	value = word_next(words, n, &i);
	if (value != NULL) {
		*why = arena_printf(a, "\"%s\" is one word too many", value);
		return -1;
	}
	return 0;
}

size_t
sentence_shared(const char *sentence, const char *const *words, size_t n)
{
	const char *at = sentence;
	size_t i = 0, shared = 0;
	struct part p;

	while (part_next(&at, &p) && p.kind == PART_WORD) {
		const char *word = word_next(words, n, &i);

		if (word == NULL || strcmp(word, p.text) != 0)
			break;
		shared++;
	}
	return shared;
}

static size_t
leading_words(const char *sentence)
{
	const char *at = sentence;
	size_t n = 0;
	struct part p;

	while (part_next(&at, &p) && p.kind == PART_WORD)
		n++;
	return n;
}

/* The literal word number k of a sentence; NULL when it has none there. */
static const char *
literal(const char *sentence, size_t k, struct arena *a)
{
	const char *at = sentence;
	struct part p;

	for (size_t i = 0; part_next(&at, &p) && p.kind == PART_WORD; i++)
		if (i == k)
			return arena_string(a, p.text);
	return NULL;
}

static const char *
nearest(const char *const *sentences, size_t count, size_t shared,
    const char *const *words, size_t n, struct arena *a)
{
	const char **list = arena_array(a, count + 1, sizeof *list);
	const char *word = NULL, *near;
	size_t found = 0, i = 0;

	for (size_t k = 0; k <= shared; k++)
		word = word_next(words, n, &i);
	for (size_t k = 0; k < count; k++)
		if (sentence_shared(sentences[k], words, n) == shared &&
		    literal(sentences[k], shared, a) != NULL)
			list[found++] = literal(sentences[k], shared, a);
	if (word == NULL)
		return found == 0 ? "a word is missing"
		    : arena_printf(a, "a word is missing, as \"%s\"", list[0]);
	near = text_nearest(word, list, found);
	if (near == NULL)
		return arena_printf(a, "no command \"%s\"", word);
	return arena_printf(a, "no command \"%s\"; did you mean \"%s\"?", word,
	    near);
}

int
sentence_find(const char *const *sentences, size_t count,
    const char *const *words, size_t n, struct arena *a, const char **why)
{
	size_t best = 0, most = 0;
	int found = -1;

	for (size_t i = 0; i < count; i++) {
		size_t shared = sentence_shared(sentences[i], words, n);

		if (shared > most)
			most = shared;
		if (shared == leading_words(sentences[i]) && shared > best) {
			best = shared;
			found = (int)i;
		}
	}
	if (found < 0)
		*why = nearest(sentences, count, most, words, n, a);
	return found;
}
