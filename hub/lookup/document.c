/* JSON with limits; see document.h. */
#include "hub/lookup/document.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "proto/base/arena.h"
#include "proto/base/text.h"

/* Bytes of a string, without its first quote, up to and with its last one; n
 * when it does not end. */
static size_t
string_length(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] != '"')
		i += s[i] == '\\' ? 2 : 1;
	return i < n ? i + 1 : n;
}

/* Counts without understanding: a text that is no JSON may pass, and is
 * refused by jansson, which then has no more to build than was counted. */
static const char *
limits_passed(const char *s, size_t n)
{
	size_t depth = 0, containers = 0, values = 0;

	if (n > DOCUMENT_BYTES)
		return "document is over 256 KiB";
	if (memchr(s, '\0', n) != NULL)
		return "document has a NUL byte";
	for (size_t i = 0; i < n; i++) {
		switch (s[i]) {
		case '"':
			i += string_length(s + i + 1, n - i - 1);
			break;
		case '[':
		case '{':
			containers++;
			values++;
			if (++depth > DOCUMENT_DEPTH)
				return "document is nested too deeply";
			break;
		case ']':
		case '}':
			depth -= depth != 0;
			break;
		case ',':
			values++;
			break;
		default:
			break;
		}
	}
	return containers > DOCUMENT_CONTAINERS || values > DOCUMENT_VALUES
	    ? "document has too many values"
	    : NULL;
}

struct json_t *
document_read(struct arena *a, const void *bytes, size_t n, const char **why)
{
	char words[JSON_ERROR_TEXT_LENGTH];
	json_error_t error;
	json_t *root;

	*why = n == 0 ? "document is empty" : limits_passed(bytes, n);
	if (*why != NULL)
		return NULL;
	root = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL) {
		/* jansson's words may quote the document */
		n = text_neuter(words, sizeof words, error.text,
		    strnlen(error.text, sizeof error.text));
		*why = arena_printf(a, "no JSON: %.*s", (int)n, words);
		return NULL;
	}
	if (!json_is_object(root)) {
		*why = "document is no object";
		json_decref(root);
		return NULL;
	}
	return root;
}
