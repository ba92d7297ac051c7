/* Phrases in folded text; see words.h. */
#include "hub/bounce/words.h"

#include "proto/base/arena.h"

/* U+00C0 to U+00FF and a few more, as they are in UTF-8. */
static const char *
fold_two(unsigned char c, unsigned char d)
{
	/* U+00C0 + i and U+00E0 + i fold alike but for these */
	static const char *const latin[32] = {"a", "a", "a", "a", "a", "a",
	    "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", "d", "n", "o",
	    "o", "o", "o", "o", " ", "o", "u", "u", "u", "u", "y", "th", "ss"};

	if (c == 0xc3 && d >= 0x80 && d <= 0xbf)
		return d == 0xbf ? "y" : latin[(d - 0x80) & 31];
	if (c == 0xc2 && d == 0xa0)
		return " ";
	if (c == 0xc5 && (d == 0x92 || d == 0x93))
		return "oe";
	return NULL;
}

static const char *
fold_three(const unsigned char *s)
{
	if (s[0] != 0xe2 || s[1] != 0x80)
		return NULL;
	switch (s[2]) {
	case 0x98: case 0x99: /* single quotes */
		return "'";
	case 0x9c: case 0x9d: case 0x9e: /* double quotes */
		return "\"";
	case 0x93: case 0x94: /* dashes */
		return "-";
	case 0xaf: case 0x8b: /* narrow and empty blanks */
		return " ";
	default:
		return NULL;
	}
}

struct text
words_fold(struct arena *a, struct text t)
{
	char *out = arena_alloc(a, t.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < t.n;) {
		const unsigned char *s = (const unsigned char *)t.at + i;
		const char *as = NULL;
		size_t used = 1;

		if (t.n - i >= 2 && (as = fold_two(s[0], s[1])) != NULL)
			used = 2;
		else if (t.n - i >= 3 && (as = fold_three(s)) != NULL)
			used = 3;
		i += used;
		if (as == NULL) {
			char c = (char)*s;

			if (c >= 'A' && c <= 'Z')
				c = (char)(c + ('a' - 'A'));
			if ((unsigned char)c <= ' ')
				c = ' ';
			if (c != ' ' || (n != 0 && out[n - 1] != ' '))
				out[n++] = c;
			continue;
		}
		if (*as == ' ' && (n == 0 || out[n - 1] == ' '))
			continue;
		/* never longer than what it stands for */
		for (; *as != '\0'; as++)
			out[n++] = *as;
	}
	out[n] = '\0';
	return (struct text){.at = out, .n = n};
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static const char *
find_one(struct text t, const char *phrase)
{
	size_t n = strlen(phrase);
	bool open = n != 0 && phrase[n - 1] == '*';
	const char *at = t.at, *end = t.at + t.n;

	n -= open;
	while ((size_t)(end - at) >= n &&
	    (at = memmem(at, (size_t)(end - at), phrase, n)) != NULL) {
		if ((at == t.at || !is_word(at[-1]) || !is_word(*phrase)) &&
		    (open || at + n == end || !is_word(at[n])))
			return at + n;
		at++;
	}
	return NULL;
}

const char *
words_find(struct text folded, const char *const *phrases)
{
	for (; *phrases != NULL; phrases++) {
		const char *found = find_one(folded, *phrases);

		if (found != NULL)
			return found;
	}
	return NULL;
}
