/*
 * A template (the first line of the input) and a message (the rest), any
 * bytes: no crash, no overread, and what a match found lies in the message.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/template.h"
#include "proto/base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
inside(struct text part, struct text whole)
{
	if (part.at != NULL &&
	    (part.at < whole.at || part.at + part.n > whole.at + whole.n))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum client_form forms[] = {
	    CLIENT_NONE, CLIENT_POSTFIX, CLIENT_EXIM, CLIENT_SENDMAIL,
	    CLIENT_DOVECOT, CLIENT_DOVECOT_AUTH};
	enum { FORMS = sizeof forms / sizeof forms[0] };
	const char *s = (const char *)data;
	const char *lf = memchr(s, '\n', size);
	size_t n = lf == NULL ? size : (size_t)(lf - s);
	struct text source = {.at = s, .n = n};
	struct text message = {.at = s + n, .n = size - n};
	struct arena *a = arena_open(0);

	if (lf != NULL) {
		message.at++;
		message.n--;
	}
	/* the last is that of a line in a session */
	for (size_t i = 0; i <= FORMS; i++) {
		const char *why = NULL;
		struct template *t = i < FORMS
		    ? template_compile(a, source, forms[i], &why)
		    : template_compile_session(a, source, true, &why);
		struct match m;
		bool after;

		if (t == NULL) {
			if (why == NULL)
				abort();
			continue;
		}
		(void)template_lead(t, &after);
		if (!template_match(t, message, &m)) {
			if (m.stopped > message.n)
				abort();
			continue;
		}
		if ((m.source.family == 0) != (i == FORMS))
			abort();
		inside(m.qid, message);
		inside(m.ptr, message);
		inside(m.login, message);
		inside(m.mechanism, message);
	}
	arena_close(a);
	return 0;
}
