/* Mailboxes as a stranger writes them.  An accepted one is of the strict
 * grammar, whatever the input; and reading it again changes nothing. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hub/lookup/ask.h"
#include "hub/lookup/judge.h"
#include "hub/lookup/mailbox.h"
#include "proto/base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int fact)
{
	if (!fact)
		abort();
}

static void
check(struct arena *a, const struct mailbox *m)
{
	struct mailbox again;
	const char *why, *at = strchr(m->address, '@');

	must(at != NULL && strchr(at + 1, '@') == NULL);
	must(at != m->address && at - m->address <= 64);
	must(strlen(m->address) <= MAILBOX_BYTES);
	for (const char *s = m->address; *s != '\0'; s++)
		must(*s > 0x20 && *s < 0x7f &&
		    strchr("\"(),:;<>[]\\%!", *s) == NULL);
	must(m->address[0] != '-' && strstr(m->address, "..") == NULL);
	must(strcmp(strchr(m->key, '@') + 1, m->domain) == 0);
	must(mailbox_parse(a, text_of(m->address), &again, &why) !=
	    MAILBOX_MALFORMED);
	must(strcmp(again.address, m->address) == 0);
	must(strcmp(again.key, m->key) == 0);
	must(mailbox_parse(a, text_of(m->key), &again, &why) !=
	    MAILBOX_MALFORMED);
	must(strcmp(again.key, m->key) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_open(0);
	struct text t = {.at = (const char *)data, .n = size};
	struct ask_answer answer = {.method = ASK_ABUSIX};
	struct mailbox m;
	const char *why;

	if (mailbox_parse(a, t, &m, &why) != MAILBOX_MALFORMED)
		check(a, &m);
	judge_texts(a, &t, 1, &answer);
	must((answer.state == ASK_FOUND) == (answer.mailboxes_n != 0));
	must((answer.state == ASK_FOUND) == (answer.why.at == NULL));
	for (size_t i = 0; i < answer.mailboxes_n; i++) {
		must(mailbox_parse(a, answer.mailboxes[i], &m, &why) ==
		    MAILBOX_GOOD);
		check(a, &m);
	}
	for (size_t i = 0; i < answer.said.n; i++)
		must((unsigned char)answer.said.at[i] >= 0x20 &&
		    answer.said.at[i] != 0x7f);
	arena_close(a);
	return 0;
}
