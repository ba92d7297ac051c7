/* Any message as an answer.  No quoted line is left in it, no program's mail
 * is "fixed", and adding the whole text as our own leaves nothing of theirs
 * that could be. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "hub/bounce/parse.h"
#include "hub/bounce/reply.h"
#include "proto/base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int fact)
{
	if (!fact)
		abort();
}

static void
check(const struct parsed *m, const struct reply *r)
{
	bool line_begins = true;

	must((unsigned)r->kind < REPLY_KINDS);
	must(r->kind != REPLY_FIXED || (!m->automatic && !m->null_sender));
	must((r->url.at != NULL) == (r->kind == REPLY_FORM));
	must(r->url.at == NULL || (r->url.n >= 10 && r->url.n <= 500));
	for (size_t i = 0; i < r->url.n; i++)
		must(r->url.at[i] > ' ' && r->url.at[i] < 0x7f);
	must(r->ticket.at == NULL || (r->ticket.n >= 3 && r->ticket.n <= 40));
	must(r->text.n <= m->text.n + 1);
	for (size_t i = 0; i < r->text.n; i++) {
		must(!line_begins || r->text.at[i] != '>');
		line_begins = r->text.at[i] == '\n';
	}
	must(text_is_utf8(r->text.at, r->text.n));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_open(0);
	struct parsed m;
	struct reply r;

	parse_open();
	parse_message(a, (struct text){.at = (const char *)data, .n = size},
	    &m);
	reply_judge(a, &m, TEXT(""), &r);
	check(&m, &r);
	reply_judge(a, &m, m.text, &r);
	check(&m, &r);
	/* what is left are lines too short to be told from anybody's */
	must(r.kind != REPLY_FIXED);
	arena_close(a);
	return 0;
}
