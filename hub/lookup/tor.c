/* Tor's exit lists and answers; see tor.h. */
#include "hub/lookup/tor.h"

#include <stdlib.h>
#include <string.h>

#include "hub/lookup/message.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/text.h"

enum {
	FINGERPRINT_BYTES = 40,
	STAMP_BYTES = 19,    /* 2026-11-21 20:42:32 */
	KEYWORD_BYTES = 32,
	LINE_BYTES = 1000,
	AHEAD_S = 600,       /* how far clocks may differ */
	OLD_S = 86400,       /* a list whose newest test is older is refused */
	KEPT_S = 3 * 86400,  /* Tor keeps a test for two days */
};

/* A list while it is read. */
struct reading {
	const struct tor_limits *limits;
	struct tor_list *out;
	size_t room;
	bool known; /* which of the two formats it is */
	const char *why;
};

/* ---- pieces of a line ---- */

/* The next line, without its end; false where there is none.  A last line
 * without an end stands for a list that was cut: *cut. */
static bool
next_line(struct text *rest, struct text *line, bool *cut)
{
	const char *end;

	*cut = false;
	if (rest->n == 0)
		return false;
	end = memchr(rest->at, '\n', rest->n);
	*cut = end == NULL;
	line->at = rest->at;
	line->n = end == NULL ? rest->n : (size_t)(end - rest->at);
	rest->at += line->n + !*cut;
	rest->n -= line->n + !*cut;
	if (line->n != 0 && line->at[line->n - 1] == '\r')
		line->n--;
	return true;
}

/* What stands before the first blank; the rest goes on behind it. */
static struct text
next_word(struct text *line)
{
	struct text word = {.at = line->at};
	const char *blank = memchr(line->at, ' ', line->n);

	word.n = blank == NULL ? line->n : (size_t)(blank - line->at);
	line->at += word.n + (blank != NULL);
	line->n -= word.n + (blank != NULL);
	return word;
}

/* Stricter than addr_parse, which reads what daemons log. */
static bool
is_address(struct text t, struct addr *out)
{
	for (size_t i = 0; i < t.n; i++)
		if (strchr("0123456789abcdefABCDEF.:", t.at[i]) == NULL ||
		    t.at[i] == '\0')
			return false;
	return addr_parse(t, out);
}

static bool
is_stamp(struct text t, int64_t *us)
{
	char s[STAMP_BYTES + 1];

	if (t.n != STAMP_BYTES)
		return false;
	memcpy(s, t.at, STAMP_BYTES);
	s[STAMP_BYTES] = 'Z';
	return s[10] == ' ' && clock_parse(s, sizeof s, us) == sizeof s;
}

static bool
is_fingerprint(struct text t)
{
	for (size_t i = 0; i < t.n; i++)
		if (t.at[i] == '\0' ||
		    strchr("0123456789ABCDEFabcdef", t.at[i]) == NULL)
			return false;
	return t.n == FINGERPRINT_BYTES;
}

/* A keyword of a later version of the format: letters, then something that
 * can be printed.  A page of HTML has none. */
static bool
is_later(struct text keyword, struct text value)
{
	for (size_t i = 0; i < keyword.n; i++) {
		char c = keyword.at[i];

		if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z'))
			return false;
	}
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.at[i] < 0x20 || value.at[i] == 0x7f)
			return false;
	return keyword.n > 0 && keyword.n <= KEYWORD_BYTES;
}

/* ---- lines ---- */

static bool
add(struct reading *r, const struct addr *address, int64_t us)
{
	struct tor_list *out = r->out;

	r->why = "it names a time that has not come yet";
	if (us > r->limits->now_us + AHEAD_S * CLOCK_SECOND_US)
		return false;
	r->why = "it names too many addresses";
	if (out->n == r->room)
		return false;
	out->at[out->n++] = (struct tor_entry){
	    .address = *address, .first_us = us, .last_us = us};
	if (out->n == 1 || us > out->newest_us)
		out->newest_us = us;
	return true;
}

static bool
read_timed(struct reading *r, struct text line)
{
	struct text keyword = next_word(&line);
	struct addr address;
	int64_t us;

	if (text_is(keyword, "ExitAddress")) {
		r->why = "a line in it is malformed";
		if (!is_address(next_word(&line), &address) ||
		    !is_stamp(line, &us))
			return false;
		return add(r, &address, us);
	}
	r->why = "a line in it is malformed";
	if (text_is(keyword, "ExitNode"))
		return is_fingerprint(line);
	if (text_is(keyword, "Published") || text_is(keyword, "LastStatus") ||
	    text_is(keyword, "Downloaded"))
		return is_stamp(line, &us);
	r->why = "it is no exit list";
	return text_is(keyword, "@type") ? text_is(line, "tordnsel 1.0")
	                                 : is_later(keyword, line);
}

static bool
read_line(struct reading *r, struct text line)
{
	struct addr address;
	bool bare;

	if (line.n == 0 || line.at[0] == '#')
		return true;
	r->why = "it is no exit list";
	if (line.n > LINE_BYTES)
		return false;
	bare = is_address(line, &address);
	if (!r->known)
		r->out->timed = !bare;
	r->known = true;
	if (r->out->timed)
		return !bare && read_timed(r, line);
	return bare && add(r, &address, r->limits->now_us);
}

/* ---- the whole ---- */

static int
by_address(const void *one, const void *two)
{
	const struct tor_entry *a = one, *b = two;

	if (a->address.family != b->address.family)
		return a->address.family < b->address.family ? -1 : 1;
	return memcmp(a->address.bytes, b->address.bytes,
	    sizeof a->address.bytes);
}

/* One entry an address; what is older than Tor keeps is dropped, so that a
 * single old line does not stretch over days. */
static void
merge(struct tor_list *list)
{
	int64_t oldest = list->newest_us - KEPT_S * CLOCK_SECOND_US;
	size_t n = 0;

	qsort(list->at, list->n, sizeof *list->at, by_address);
	for (size_t i = 0; i < list->n; i++) {
		const struct tor_entry *e = &list->at[i];
		struct tor_entry *last = n == 0 ? NULL : &list->at[n - 1];

		if (e->first_us < oldest)
			continue;
		if (last == NULL || !addr_equal(&last->address, &e->address)) {
			list->at[n++] = *e;
			continue;
		}
		if (e->first_us < last->first_us)
			last->first_us = e->first_us;
		if (e->last_us > last->last_us)
			last->last_us = e->last_us;
	}
	list->n = n;
}

static bool
read_all(struct reading *r, struct text rest)
{
	struct text line;
	bool cut;

	while (next_line(&rest, &line, &cut)) {
		r->why = "it ends within a line";
		if (cut || !read_line(r, line))
			return false;
	}
	r->why = "it is empty";
	return r->out->n != 0;
}

int
tor_parse(struct arena *a, const void *bytes, size_t n,
    const struct tor_limits *limits, struct tor_list *out, const char **why)
{
	struct reading r = {.limits = limits, .out = out};
	struct text all = {.at = bytes, .n = n};

	*out = (struct tor_list){0};
	*why = "it is too long";
	if (n > TOR_LIST_BYTES)
		return -1;
	for (size_t i = 0; i < n && r.room < TOR_ENTRIES_MOST; i++)
		r.room += all.at[i] == '\n';
	out->at = arena_array(a, r.room + 1, sizeof *out->at);
	if (!read_all(&r, all)) {
		*why = r.why;
		goto fail;
	}
	merge(out);
	*why = "it names fewer addresses than a whole list does";
	if (out->n < limits->entries_min)
		goto fail;
	*why = "its newest test is over a day old";
	if (out->newest_us < limits->now_us - OLD_S * CLOCK_SECOND_US)
		goto fail;
	*why = NULL;
	return 0;
fail:
	*out = (struct tor_list){0};
	return -1;
}

/* ---- the zone ---- */

const char *
tor_verdict_name(enum tor_verdict v)
{
	switch (v) {
	case TOR_EXIT:
		return "exit";
	case TOR_NO:
		return "no";
	case TOR_UNKNOWN:
		break;
	}
	return "unknown";
}

enum tor_verdict
tor_judge(struct arena *a, const void *message, size_t n, const char *name,
    const char **why)
{
	static const uint8_t listed[4] = {127, 0, 0, 2};
	struct message_answer answer;

	switch (message_parse(a, message, n, name, MESSAGE_A, &answer, why)) {
	case MESSAGE_NO_NAME:
		*why = NULL;
		return TOR_NO;
	case MESSAGE_NO_RECORD:
	case MESSAGE_FAILED:
		return TOR_UNKNOWN;
	case MESSAGE_ANSWERED:
		break;
	}
	*why = "answer is not 127.0.0.2";
	for (size_t i = 0; i < answer.n; i++)
		if (answer.at[i].n != sizeof listed ||
		    memcmp(answer.at[i].at, listed, sizeof listed) != 0)
			return TOR_UNKNOWN;
	*why = NULL;
	return TOR_EXIT;
}

bool
tor_zone_works(enum tor_verdict nobody, const enum tor_verdict *exits,
    size_t n, const char **why)
{
	bool any = n == 0;

	*why = "the zone takes everybody for an exit";
	if (nobody == TOR_EXIT)
		return false;
	*why = "the zone knows no exit that there was lately";
	for (size_t i = 0; i < n; i++)
		any = any || exits[i] == TOR_EXIT;
	if (!any)
		return false;
	*why = NULL;
	return true;
}
