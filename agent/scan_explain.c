/* Explaining lines; see scan_explain.h. */
#include "agent/scan_explain.h"

#include <inttypes.h>

#include "agent/journal.h"
#include "agent/line.h"
#include "agent/rules.h"
#include "proto/base/arena.h"

/* Everything a person reads goes through here. */
static void
print_safely(struct buf *out, const char *prefix, struct text t)
{
	char safe[512];

	buf_puts(out, prefix);
	buf_add(out, safe, text_neuter(safe, sizeof safe, t.at, t.n));
}

/* Not so the message of a JSON line, which is read into other memory. */
static bool
is_inside(struct text line, struct text message)
{
	uintptr_t from = (uintptr_t)line.at, at = (uintptr_t)message.at;

	return at >= from && at <= from + line.n;
}

/* Of the message's first byte, from 1. */
static size_t
column(struct text line, struct text message)
{
	return is_inside(line, message) ? (size_t)(message.at - line.at) + 1
	                                : 1;
}

/* Why a line is no event. */
static void
explain_nothing(struct buf *out, const struct rules *r, struct arena *a,
    struct text line)
{
	struct rules_view *view;
	struct rules_nearest near = {0};
	const struct rule *rule = NULL;
	struct line parsed;
	struct match m;

	if (!line_parse(line, &parsed) &&
	    !journal_parse(a, line, &parsed)) {
		buf_puts(out, "no header that we know\n");
		return;
	}
	view = rules_view_open(r, parsed.program);
	if (view != NULL)
		rule = rules_find(view, parsed.message, &m);
	if (rule == NULL)
		near = rules_explain(view, parsed.message);
	rules_view_close(view);
	if (rule != NULL) {
		buf_printf(out, "no event of [%s] by itself, which needs "
		    "another line of its session\n", rule->name);
		return;
	}
	if (near.rule == NULL) {
		print_safely(out, "no rule concerns program ", parsed.program);
		buf_putc(out, '\n');
		return;
	}
	buf_printf(out, "no event; nearest [%s] (%s:%u) stops at column %zu%s",
	    near.rule->name, near.rule->file, near.line,
	    column(line, parsed.message) + near.stopped,
	    is_inside(line, parsed.message) ? "" : " of the message");
	print_safely(out, ", at: ",
	    (struct text){.at = parsed.message.at + near.stopped,
		.n = parsed.message.n - near.stopped});
	buf_putc(out, '\n');
}

void
scan_explain(struct buf *out, const struct rules *r, struct arena *a,
    uint64_t number, struct text line, enum detect_result result,
    const struct event *e)
{
	char source[ADDR_TEXT_BYTES];

	buf_printf(out, "%" PRIu64 ": ", number);
	if (result != DETECT_EVENT) {
		explain_nothing(out, r, a, line);
		return;
	}
	buf_printf(out, "%s %s by ", kind_name(e->kind),
	    addr_format(source, &e->source));
	print_safely(out, "[", e->rule);
	buf_puts(out, "]");
	if (e->login.at != NULL)
		print_safely(out, ", login ", e->login);
	buf_putc(out, '\n');
}
