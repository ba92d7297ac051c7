/* Any message as a bounce.  Read again it means the same; what is taken from
 * it is valid text within its bounds, and a status is one by RFC 3463. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "hub/bounce/dsn.h"
#include "hub/bounce/parse.h"
#include "proto/base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int fact)
{
	if (!fact)
		abort();
}

static void
check_text(struct text t, size_t most)
{
	must(t.n <= most && text_is_utf8(t.at, t.n));
}

static void
check(const struct parsed *m)
{
	must(m->mailboxes_n <= PARSE_MAILBOXES_MOST);
	must(m->ids_n <= PARSE_IDS_MOST && m->groups_n <= PARSE_GROUPS_MOST);
	for (size_t i = 0; i < m->mailboxes_n; i++)
		check_text(m->mailboxes[i], PARSE_LINE_BYTES);
	for (size_t i = 0; i < m->ids_n; i++)
		check_text(m->ids[i], PARSE_LINE_BYTES);
	for (size_t i = 0; i < m->groups_n; i++) {
		check_text(m->groups[i].original, PARSE_LINE_BYTES);
		check_text(m->groups[i].final, PARSE_LINE_BYTES);
		check_text(m->groups[i].status, PARSE_LINE_BYTES);
		check_text(m->groups[i].diagnostic, PARSE_LINE_BYTES);
	}
	check_text(m->from, PARSE_LINE_BYTES);
	check_text(m->subject, PARSE_LINE_BYTES);
	/* several parts, each of at most so much, and what escapes them */
	must(text_is_utf8(m->text.at, m->text.n));
}

/* "x.y.z" as the database wants it. */
static void
check_status(struct text t)
{
	size_t dots = 0;

	if (t.at == NULL)
		return;
	must(t.n >= 5 && t.n <= 9 && strchr("245", t.at[0]) != NULL);
	for (size_t i = 0; i < t.n; i++) {
		dots += t.at[i] == '.';
		must(t.at[i] == '.' || (t.at[i] >= '0' && t.at[i] <= '9'));
	}
	must(dots == 2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct text recipient = {.at = "abuse@isp.example",
	    .n = 17};
	struct arena *a = arena_open(0);
	struct text bytes = {.at = (const char *)data, .n = size};
	struct parsed one, two;
	struct dsn first, second;

	parse_open();
	parse_message(a, bytes, &one);
	check(&one);
	dsn_judge(a, &one, recipient, &first);
	parse_message(a, bytes, &two);
	dsn_judge(a, &two, recipient, &second);
	must(first.class == second.class && first.own == second.own);
	must(text_equal(first.status, second.status));
	check_status(first.status);
	/* nothing is a bounce that is neither a report nor from a program */
	if (one.groups_n == 0 && one.report == PARSE_NO_REPORT &&
	    !one.null_sender && one.from.at == NULL)
		must(first.class == DSN_NO_BOUNCE);
	arena_close(a);
	return 0;
}
