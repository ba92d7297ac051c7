/*
 * Messages whose address is read from the right end, any bytes: whoever is
 * accused is the address in the last brackets, but for those of our own side
 * (Exim) and those of the reason (sendmail's ruleset), however the client's
 * text in front of it looks.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/template.h"
#include "proto/base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *template;
	enum client_form client;
	const char *tail;   /* what stands behind the client */
	const char *before; /* the client stands behind the last of these */
} forms[] = {
    {"SMTP protocol error in \"{said}\" H={client} AUTH command used when not "
     "advertised",
	CLIENT_EXIM, " AUTH command used when not advertised", " H="},
    {"unqualified verify rejected: <{said}> H={client}", CLIENT_EXIM, "",
	" H="},
    {"{qid}: AUTH failure ({mech}): {said}, user={account}, relay={client}",
	CLIENT_SENDMAIL, "", ", relay="},
    {"{qid}: AUTH failure ({mech}): {said}, relay={client}", CLIENT_SENDMAIL,
	"", ", relay="},
    {"{qid}: invalid domain name ({said}) from {client}", CLIENT_SENDMAIL, "",
	") from "},
    {"{qid}: ruleset=check_rcpt, arg1={twice}... Relaying denied",
	CLIENT_SENDMAIL, NULL, NULL},
};

enum { FORMS = sizeof forms / sizeof forms[0] };

/* Where the last of the words begins, or NULL. */
static const char *
last_of(const char *words, const char *s, const char *end)
{
	size_t n = strlen(words);

	for (const char *at = end; (size_t)(at - s) >= n; at--)
		if (memcmp(at - n, words, n) == 0)
			return at - n;
	return NULL;
}

/* Is the accused the address in the brackets that open at open? */
static void
judge(const char *open, const char *end, const struct match *m)
{
	const char *close = NULL;
	struct addr truth;

	if (open != NULL)
		close = memchr(open, ']', (size_t)(end - open));
	if (close == NULL ||
	    !addr_parse((struct text){.at = open + 1,
			    .n = (size_t)(close - open) - 1},
		&truth) ||
	    !addr_equal(&truth, &m->source))
		abort();
}

static void
judge_rear(size_t i, struct text message, const struct match *m)
{
	const char *s = message.at;
	const char *end = s + message.n - strlen(forms[i].tail), *open, *ours;

	/* Exim's own bracket is the last if there are two, " I=[" */
	open = last_of("[", s, end);
	ours = last_of(" I=[", s, end);
	if (m->local.family != 0 && ours != NULL && ours + 3 == open)
		open = last_of("[", s, ours);
	if (open == NULL || last_of(forms[i].before, s, open) == NULL)
		abort();
	judge(open, end, m);
}

/* Between the two copies of the argument there is one relay, one reason and
 * nothing of the client's. */
static void
judge_twice(struct text message, const struct match *m)
{
	static const char denied[] = "... Relaying denied";
	const char *first = memmem(message.at, message.n, "arg1=", 5) + 5;
	const char *end = message.at + message.n - sizeof denied + 1;

	for (size_t n = 0; first + 2 * n < end; n++) {
		const char *relay = first + n, *code;

		if (memcmp(first, end - n, n) != 0)
			continue;
		code = memmem(relay, (size_t)(end - n - relay), ", reject=", 9);
		if (code == NULL || code - relay < 8 ||
		    memcmp(relay, ", relay=", 8) != 0 ||
		    memchr(code + 1, ',', (size_t)(end - n - code) - 1) != NULL)
			continue;
		judge(last_of("[", relay, code), code, m);
		return;
	}
	abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct template *templates[FORMS];
	static struct arena *arena;
	struct text message = {.at = (const char *)data, .n = size};
	const char *why;
	struct match m;

	for (size_t i = 0; i < FORMS; i++) {
		if (arena == NULL)
			arena = arena_open(0);
		if (templates[i] == NULL)
			templates[i] = template_compile(arena,
			    text_of(forms[i].template), forms[i].client, &why);
		if (templates[i] == NULL)
			abort();
		if (!template_match(templates[i], message, &m))
			continue;
		if (forms[i].tail != NULL)
			judge_rear(i, message, &m);
		else
			judge_twice(message, &m);
	}
	return 0;
}
