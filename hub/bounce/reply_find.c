/* Tickets and web addresses in an answer; see reply_inside.h. */
#include <strings.h>

#include "hub/bounce/reply_inside.h"
#include "hub/bounce/reply_words.h"
#include "hub/bounce/words.h"
#include "proto/base/arena.h"

enum { TICKET_LEAST = 3, TICKET_MOST = 40, URL_MOST = 500 };

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_ticket_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    is_digit(c) || c == '-' || c == '_' || c == '.';
}

/* A number or a name with a number in it, no address and no date. */
static struct text
token_at(const char *s, size_t n)
{
	struct text t = {.at = s};
	size_t digits = 0, dots = 0, letters = 0;

	while (t.n < n && is_ticket_char(s[t.n]))
		t.n++;
	while (t.n != 0 && !is_digit(s[t.n - 1]) && strchr("-_.", s[t.n - 1]))
		t.n--;
	for (size_t i = 0; i < t.n; i++) {
		digits += is_digit(s[i]);
		dots += s[i] == '.';
		letters += !is_digit(s[i]) && strchr("-_.", s[i]) == NULL;
	}
	if (t.n < TICKET_LEAST || t.n > TICKET_MOST || digits == 0 ||
	    (dots >= 2 && letters == 0) || (t.n < n && s[t.n] == '@') ||
	    (t.n < n && s[t.n] == ':' && t.n + 1 < n && is_digit(s[t.n + 1])))
		return (struct text){0};
	return t;
}

/* As it was written: folding has made it small. */
static struct text
as_written(struct arena *a, struct text raw, struct text token)
{
	for (size_t i = 0; i + token.n <= raw.n; i++)
		if (strncasecmp(raw.at + i, token.at, token.n) == 0)
			return (struct text){.at = arena_copy(a, raw.at + i,
			    token.n), .n = token.n};
	return (struct text){.at = arena_copy(a, token.at, token.n),
	    .n = token.n};
}

/* What may stand between "ticket" and its number. */
static size_t
skip(const char *s, size_t n)
{
	static const char *const between[] = {"is ", "number ", "number: ",
	    "no. ", "nr. ", "id ", "id: ", "ist ", "lautet ", "number is ",
	    "est ", "es ", "no ", "id is ", "id:", "number:", "number #"};
	size_t i = 0;
	bool more = true;

	while (more && i < n) {
		more = false;
		while (i < n && strchr(" :#=[(\"'", s[i]) != NULL)
			i++;
		for (size_t k = 0; k < sizeof between / sizeof between[0];
		     k++) {
			size_t m = strlen(between[k]);

			if (n - i >= m && memcmp(s + i, between[k], m) == 0) {
				i += m;
				more = true;
				break;
			}
		}
	}
	return i;
}

static struct text
behind_a_word(struct text folded)
{
	for (size_t k = 0; reply_words_ticket[k] != NULL; k++) {
		const char *const one[] = {reply_words_ticket[k], NULL};
		struct text rest = folded;
		const char *at;

		while ((at = words_find(rest, one)) != NULL) {
			size_t n = (size_t)(folded.at + folded.n - at);
			size_t gap = skip(at, n);
			struct text t = gap == 0 ? (struct text){0}
			                         : token_at(at + gap, n - gap);

			if (t.at != NULL)
				return t;
			rest = (struct text){.at = at, .n = n};
		}
	}
	return (struct text){0};
}

/* "[#123]", "[isp.example #123]", "##123##". */
static struct text
behind_a_hash(struct text folded)
{
	for (size_t i = 0; i + 1 < folded.n; i++)
		if (folded.at[i] == '#') {
			struct text t = token_at(folded.at + i + 1,
			    folded.n - i - 1);

			if (t.at != NULL)
				return t;
		}
	return (struct text){0};
}

struct text
reply_ticket(struct arena *a, struct text t, bool anywhere)
{
	struct text folded = words_fold(a, t);
	struct text found = behind_a_word(folded);

	if (found.at == NULL && anywhere)
		found = behind_a_hash(folded);
	return found.at == NULL ? found : as_written(a, t, found);
}

static struct text
url_at(struct text t, size_t i)
{
	struct text url = {.at = t.at + i};

	while (i + url.n < t.n && url.n < URL_MOST && url.at[url.n] > ' ' &&
	    url.at[url.n] < 0x7f && strchr("<>\"'|\\^`{}", url.at[url.n]) ==
	        NULL)
		url.n++;
	while (url.n != 0 && strchr(".,;:)]!?*", url.at[url.n - 1]) != NULL)
		url.n--;
	return url;
}

struct text
reply_url(struct arena *a, struct text t)
{
	static const char *const likely[] = {"abuse*", "report*", "form*",
	    "complain*", "melden*", "signal*", "denunci*", NULL};
	struct text first = {0};

	for (size_t i = 0; i + 8 < t.n; i++) {
		struct text url;

		if (strncasecmp(t.at + i, "https://", 8) != 0 &&
		    strncasecmp(t.at + i, "http://", 7) != 0)
			continue;
		url = url_at(t, i);
		if (url.n < 10)
			continue;
		if (words_have(words_fold(a, url), likely)) {
			first = url;
			break;
		}
		if (first.at == NULL)
			first = url;
		i += url.n;
	}
	if (first.at == NULL)
		return first;
	return (struct text){.at = arena_copy(a, first.at, first.n),
	    .n = first.n};
}
