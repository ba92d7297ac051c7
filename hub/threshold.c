/* Thresholds; see threshold.h. */
#include "hub/threshold.h"

#include <inttypes.h>
#include <string.h>

#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/conf.h"
#include "proto/base/text.h"

enum { DIGITS_MOST = 9 };

/* A number of n digits, at least 1; -1: none. */
static int64_t
number(const char *s, size_t n)
{
	int64_t v = 0;

	if (n == 0 || n > DIGITS_MOST)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		v = v * 10 + (s[i] - '0');
	}
	return v == 0 ? -1 : v;
}

/* "tries=3" */
static int
part(const char *s, size_t n, struct arena *a, struct threshold *out,
    const char **why)
{
	static const char *const names[] = {"tries", "logins", "agents"};
	int64_t *const places[] = {&out->tries, &out->logins, &out->agents};
	const char *word = arena_copy(a, s, n);
	size_t name = strcspn(word, "=");
	const char *near;

	for (size_t i = 0; i < 3; i++) {
		int64_t v;

		if (strlen(names[i]) != name ||
		    memcmp(word, names[i], name) != 0 || word[name] != '=')
			continue;
		v = number(word + name + 1, n - name - 1);
		if (v < 0 || (i != 0 && v > THRESHOLD_SET_MOST)) {
			*why = arena_printf(a, "\"%s\" is no number from 1%s",
			    word + name + 1, i == 0 ? " on" : " to 8");
			return -1;
		}
		*places[i] = v;
		return 0;
	}
	near = text_nearest(arena_copy(a, word, name), names, 3);
	*why = arena_printf(a, "\"%s\" is not tries=, logins= or agents=%s%s%s",
	    word, near == NULL ? "" : "; did you mean \"",
	    near == NULL ? "" : near, near == NULL ? "" : "=\"?");
	return -1;
}

int
threshold_parse(const char *s, struct arena *a, struct threshold *out,
    const char **why)
{
	size_t name = strcspn(s, ":");
	const char *kind = arena_copy(a, s, name);
	const char *near = kind_nearest(kind);

	*out = (struct threshold){.kind = kind_of_name(text_of(kind))};
	if (out->kind == KIND_NONE) {
		*why = arena_printf(a, "unknown kind \"%s\"%s%s%s", kind,
		    near == NULL ? "" : "; did you mean \"",
		    near == NULL ? "" : near, near == NULL ? "" : "\"?");
		return -1;
	}
	s += name;
	if (*s == '\0') {
		*why = "\":\" and a threshold are missing behind the kind";
		return -1;
	}
	while (*s != '\0') {
		size_t n = strcspn(++s, ",");

		if (part(s, n, a, out, why) < 0)
			return -1;
		s += n;
	}
	if (out->kind != KIND_AUTH_FAILURE &&
	    (out->logins != 0 || out->agents != 0)) {
		*why = "only auth_failure has logins and agents";
		return -1;
	}
	return 0;
}

const char *
threshold_tell(const struct conf_texts *kinds,
    const struct conf_texts *thresholds, struct arena *a)
{
	struct buf out = {0};
	const char *told;

	for (size_t i = 0; i < kinds->n; i++) {
		struct threshold t = {.tries = THRESHOLD_OTHER_TRIES}, one;
		enum kind k = kind_of_name(text_of(kinds->at[i]));
		const char *why;

		for (size_t j = 0; j < thresholds->n; j++)
			if (threshold_parse(thresholds->at[j], a, &one,
			        &why) == 0 && one.kind == k)
				t = one;
		buf_printf(&out, "%s%d,%" PRId64 ",%" PRId64 ",%" PRId64,
		    i == 0 ? "" : " ", (int)k,
		    t.tries == 0 ? INT64_MAX : t.tries, t.logins, t.agents);
	}
	told = arena_copy(a, out.data == NULL ? "" : out.data, out.n);
	buf_free(&out);
	return told;
}
