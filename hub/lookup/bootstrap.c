/* Bootstrap documents; see bootstrap.h. */
#include "hub/lookup/bootstrap.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "hub/lookup/document.h"
#include "proto/base/arena.h"
#include "proto/base/text.h"

#define SCHEME "https://"
enum { SCHEME_BYTES = sizeof SCHEME - 1, PUBLICATION_BYTES = 40 };

/* What we put a path behind: a host, perhaps a port and a path, nothing that
 * would change what follows. */
static bool
is_base(const char *s)
{
	size_t n = strlen(s);

	if (n > BOOTSTRAP_URL_BYTES || strncmp(s, SCHEME, SCHEME_BYTES) != 0 ||
	    n == SCHEME_BYTES || s[SCHEME_BYTES] == '/')
		return false;
	for (size_t i = 0; i < n; i++)
		if (s[i] <= 0x20 || s[i] >= 0x7f ||
		    strchr("\"#<>?@\\^`{|}", s[i]) != NULL)
			return false;
	return true;
}

/* The first URL with https; NULL with *why when one is malformed, NULL
 * without when none has https. */
static const char *
pick_url(const json_t *urls, const char **why)
{
	const char *found = NULL;
	const json_t *v;
	size_t i;

	*why = "a service without a list of URLs";
	if (!json_is_array(urls) || json_array_size(urls) == 0)
		return NULL;
	json_array_foreach(urls, i, v) {
		*why = "a URL that is no text";
		if (!json_is_string(v))
			return NULL;
		if (strncmp(json_string_value(v), SCHEME, SCHEME_BYTES) != 0)
			continue;
		*why = "a URL that nothing can be put behind";
		if (!is_base(json_string_value(v)))
			return NULL;
		if (found == NULL)
			found = json_string_value(v);
	}
	*why = NULL;
	return found;
}

/* One service: [[prefix...], [URL...]]. */
static bool
add_service(struct arena *a, const json_t *service, int family,
    struct bootstrap *out, const char **why)
{
	const json_t *prefixes = json_array_get(service, 0), *v;
	const char *url;
	size_t i;

	*why = "a service that is no pair of lists";
	if (json_array_size(service) != 2 || !json_is_array(prefixes))
		return false;
	url = pick_url(json_array_get(service, 1), why);
	if (*why != NULL)
		return false;
	if (url != NULL)
		url = arena_string(a, url);
	json_array_foreach(prefixes, i, v) {
		struct bootstrap_entry *e = &out->at[out->n];

		*why = "a prefix that is no text";
		if (!json_is_string(v))
			return false;
		if (!prefix_parse(json_string_value(v), &e->prefix, why))
			return false;
		*why = "a prefix of another family";
		if (e->prefix.addr.family != family)
			return false;
		*why = "too many prefixes";
		if (url != NULL && out->n + 1 == BOOTSTRAP_ENTRIES_MOST)
			return false;
		e->url = url;
		out->n += url != NULL;
	}
	*why = NULL;
	return true;
}

static int
by_prefix(const void *one, const void *two)
{
	const struct prefix *a = &((const struct bootstrap_entry *)one)->prefix;
	const struct prefix *b = &((const struct bootstrap_entry *)two)->prefix;
	int order = memcmp(a->addr.bytes, b->addr.bytes,
	    sizeof a->addr.bytes);

	return order != 0 ? order : a->bits - b->bits;
}

static bool
has_twice(const struct bootstrap *b)
{
	for (size_t i = 1; i < b->n; i++)
		if (by_prefix(&b->at[i - 1], &b->at[i]) == 0)
			return true;
	return false;
}

static bool
read_root(struct arena *a, const json_t *root, int family,
    struct bootstrap *out, const char **why)
{
	const char *version = json_string_value(json_object_get(root,
	    "version"));
	const char *publication = json_string_value(json_object_get(root,
	    "publication"));
	const json_t *services = json_object_get(root, "services"), *v;
	size_t i;

	*why = "not of version 1";
	if (version == NULL || strncmp(version, "1.", 2) != 0)
		return false;
	*why = "without services";
	if (!json_is_array(services))
		return false;
	out->at = arena_array(a, BOOTSTRAP_ENTRIES_MOST, sizeof *out->at);
	json_array_foreach(services, i, v)
		if (!add_service(a, v, family, out, why))
			return false;
	*why = "no prefix with an https server";
	if (out->n == 0)
		return false;
	qsort(out->at, out->n, sizeof *out->at, by_prefix);
	*why = "a prefix is there twice";
	if (has_twice(out))
		return false;
	if (publication != NULL) {
		char *s = arena_alloc(a, PUBLICATION_BYTES + 1);

		(void)text_neuter(s, PUBLICATION_BYTES, publication,
		    strlen(publication));
		out->publication = s;
	}
	*why = NULL;
	return true;
}

bool
bootstrap_read(struct arena *a, const void *bytes, size_t n, int family,
    struct bootstrap *out, const char **why)
{
	json_t *root = document_read(a, bytes, n, why);
	bool read;

	*out = (struct bootstrap){0};
	if (root == NULL)
		return false;
	read = read_root(a, root, family, out, why);
	json_decref(root);
	if (!read)
		*out = (struct bootstrap){0};
	return read;
}

const struct bootstrap_entry *
bootstrap_find(const struct bootstrap *b, const struct addr *address)
{
	const struct bootstrap_entry *best = NULL;

	for (size_t i = 0; i < b->n; i++)
		if (prefix_holds(&b->at[i].prefix, address) &&
		    (best == NULL || best->prefix.bits < b->at[i].prefix.bits))
			best = &b->at[i];
	return best;
}

const char *
bootstrap_question(struct arena *a, const char *url,
    const struct addr *address)
{
	char text[ADDR_TEXT_BYTES];
	size_t n = strlen(url);

	return arena_printf(a, "%s%sip/%s", url, url[n - 1] == '/' ? "" : "/",
	    addr_format(text, address));
}
