/* The shape of one message; see scan_shapes.h. */
#include <string.h>

#include "agent/scan_shapes.h"
#include "proto/base/addr.h"

struct shaping {
	struct text message;
	size_t at;
	char *out;
	size_t n;
	bool remote;
};

static void
put(struct shaping *s, struct text t)
{
	size_t room = SCAN_SHAPE_BYTES - s->n;
	size_t n = t.n < room ? t.n : room;

	memcpy(s->out + s->n, t.at, n);
	s->n += n;
}

/* What a word can hold: names, addresses, numbers, mail addresses. */
static bool
is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80 ||
	       (c != '\0' && strchr(".-_@:%+/\\", c) != NULL);
}

static bool
has(struct text t, const char *signs)
{
	for (size_t i = 0; i < t.n; i++)
		if (strchr(signs, t.at[i]) != NULL && t.at[i] != '\0')
			return true;
	return false;
}

static bool
is_own(const struct addr *a)
{
	static const uint8_t loopback[16] = {[15] = 1};

	return a->family == 4 ? a->bytes[0] == 127
	                      : memcmp(a->bytes, loopback, 16) == 0;
}

/* An address, perhaps with a port or the sentence's sign behind it: its
 * length, or 0. */
static size_t
address_length(struct text word, struct addr *a)
{
	const char *colon = memchr(word.at, ':', word.n);
	struct text t = word;

	if (!has(word, "0123456789abcdefABCDEF") || !has(word, ".:"))
		return 0;
	if (addr_parse(t, a))
		return t.n;
	if (colon != NULL && colon > word.at) {
		t.n = (size_t)(colon - word.at);
		if (addr_parse(t, a) && a->family == 4)
			return t.n;
	}
	t.n = word.n - 1;
	if (word.n > 1 && strchr(".:-", word.at[t.n]) != NULL &&
	    addr_parse(t, a))
		return t.n;
	return 0;
}

/* Is the address in brackets that follow the word at once? */
static bool
names_address(const struct shaping *s, size_t end)
{
	const char *open = s->message.at + end, *close;
	struct addr a;

	if (end == s->message.n || *open != '[')
		return false;
	close = memchr(open, ']', s->message.n - end);
	return close != NULL &&
	       addr_parse((struct text){.at = open + 1,
			      .n = (size_t)(close - open) - 1}, &a);
}

static void
take_word(struct shaping *s)
{
	struct text word = {.at = s->message.at + s->at, .n = 0};
	struct addr a;
	size_t n;

	while (s->at + word.n < s->message.n && is_word(word.at[word.n]))
		word.n++;
	n = address_length(word, &a);
	s->at += n > 0 ? n : word.n;
	if (n > 0) {
		s->remote |= !is_own(&a);
		put(s, TEXT("IP"));
		return;
	}
	/* the sentence's own signs stay */
	n = word.n;
	while (n > 0 && strchr(".:-", word.at[n - 1]) != NULL)
		n--;
	word.n = n;
	s->at = (size_t)(word.at + n - s->message.at);
	if (n == 0 || strchr(".:-+/%\\", word.at[0]) != NULL) {
		s->at = (size_t)(word.at - s->message.at) + 1;
		put(s, (struct text){.at = word.at, .n = 1});
		return;
	}
	if (names_address(s, s->at))
		put(s, TEXT("HOST"));
	else if (has(word, "@"))
		put(s, TEXT("MAIL"));
	else if (has(word, "0123456789"))
		put(s, TEXT("N"));
	else
		put(s, word);
}

/* "<...>" or a quoted text: nothing of it stays but an address that is all
 * there is.  False when it does not end. */
static bool
take_enclosed(struct shaping *s, char open, char close)
{
	const char *from = s->message.at + s->at + 1, *end;
	struct text inside;
	struct addr a;

	end = memchr(from, close, s->message.n - s->at - 1);
	if (end == NULL)
		return false;
	inside = (struct text){.at = from, .n = (size_t)(end - from)};
	put(s, (struct text){.at = &open, .n = 1});
	if (addr_parse(inside, &a)) {
		s->remote |= !is_own(&a);
		put(s, TEXT("IP"));
	}
	put(s, (struct text){.at = &close, .n = 1});
	s->at += inside.n + 2;
	return true;
}

size_t
scan_shape(struct text message, char out[SCAN_SHAPE_BYTES], bool *remote)
{
	struct shaping s = {.message = message, .out = out};

	/* to the end, since an address may stand behind what is kept */
	while (s.at < message.n) {
		char c = message.at[s.at];

		if ((c == '<' && take_enclosed(&s, '<', '>')) ||
		    (c == '"' && take_enclosed(&s, '"', '"')) ||
		    (c == '\'' && take_enclosed(&s, '\'', '\'')))
			continue;
		if (is_word(c)) {
			take_word(&s);
			continue;
		}
		put(&s, (struct text){.at = message.at + s.at++, .n = 1});
	}
	*remote = s.remote;
	return s.n;
}
