/* One mail over an open session; see smtp_talk.h. */
#include "hub/deliver/smtp_talk.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/arena.h"

enum {
	FRAME_BYTES = 128, /* at least what stands around the texts */
	TAIL_BYTES = 16384,
};

/* Everything that may be written, one part behind the other. */
struct script {
	struct smtp_talk *t;
	char *at;
};

static void
add(struct script *s, enum smtp_part part, const char *bytes, size_t n)
{
	struct text *p = &s->t->parts[part];

	if (p->at == NULL)
		p->at = s->at;
	memcpy(s->at, bytes, n);
	s->at += n;
	p->n += n;
}

static void
add_text(struct script *s, enum smtp_part part, const char *text)
{
	add(s, part, text, strlen(text));
}

/* RFC 5321 4.5.2: a dot at the beginning of a line is doubled. */
static void
add_mail(struct script *s, struct text mail)
{
	const char *end = mail.at + mail.n;

	for (const char *p = mail.at; p < end;) {
		const char *line = memchr(p, '\n', (size_t)(end - p));
		const char *next = line == NULL ? end : line + 1;

		if (*p == '.')
			add(s, SMTP_PART_BODY, ".", 1);
		add(s, SMTP_PART_BODY, p, (size_t)(next - p));
		p = next;
	}
	if (mail.n == 0 || end[-1] != '\n')
		add(s, SMTP_PART_BODY, "\r\n", 2);
}

void
smtp_talk_begin(struct smtp_talk *t, const struct smtp_ask *ask,
    bool pipelining, bool reset, struct arena *a)
{
	struct script s = {.t = t};

	*t = (struct smtp_talk){.pipelining = pipelining,
	    .done = {.tag = ask->tag}};
	s.at = arena_alloc(a, strlen(ask->sender) + strlen(ask->recipient) +
	    2 * ask->mail.n + FRAME_BYTES);
	add_text(&s, SMTP_PART_RSET, "RSET\r\n");
	add_text(&s, SMTP_PART_MAIL, "MAIL FROM:<");
	add_text(&s, SMTP_PART_MAIL, ask->sender);
	add_text(&s, SMTP_PART_MAIL, ">\r\n");
	add_text(&s, SMTP_PART_RCPT, "RCPT TO:<");
	add_text(&s, SMTP_PART_RCPT, ask->recipient);
	add_text(&s, SMTP_PART_RCPT, ">\r\n");
	add_text(&s, SMTP_PART_DATA, "DATA\r\n");
	add_mail(&s, ask->mail);
	add_text(&s, SMTP_PART_END, ".\r\n");
	t->write = t->reply = reset ? SMTP_PART_RSET : SMTP_PART_MAIL;
}

struct text
smtp_talk_out(const struct smtp_talk *t)
{
	const struct text *part = &t->parts[t->write], *last;
	size_t n;

	if (t->over || t->failed || t->write == SMTP_PART_COUNT)
		return (struct text){0};
	if (t->write <= SMTP_PART_DATA
	        ? t->write > t->reply && !t->pipelining
	        : t->reply <= SMTP_PART_DATA)
		return (struct text){0};
	last = t->write > SMTP_PART_DATA ? &t->parts[SMTP_PART_END]
	    : t->pipelining              ? &t->parts[SMTP_PART_DATA]
	                                 : part;
	n = (size_t)(last->at + last->n - part->at) - t->at;
	/* a write that fails far from the end must leave no doubt */
	if (t->write == SMTP_PART_BODY && n > 2 * TAIL_BYTES)
		n -= TAIL_BYTES;
	return (struct text){.at = part->at + t->at, .n = n};
}

void
smtp_talk_writing(struct smtp_talk *t)
{
	const char *end = t->parts[SMTP_PART_END].at;
	struct text out = smtp_talk_out(t);

	t->ended |= t->write >= SMTP_PART_BODY && out.at + out.n > end;
}

void
smtp_talk_wrote(struct smtp_talk *t, size_t n)
{
	t->at += n;
	while (t->write != SMTP_PART_COUNT && t->at != 0 &&
	    t->at >= t->parts[t->write].n)
		t->at -= t->parts[t->write++].n;
	assert(t->write != SMTP_PART_COUNT || t->at == 0);
	t->ended = t->write > SMTP_PART_END ||
	    (t->write == SMTP_PART_END && t->at != 0);
}

bool
smtp_talk_has_begun(const struct smtp_talk *t)
{
	return t->write > SMTP_PART_BODY ||
	    (t->write == SMTP_PART_BODY && t->at != 0);
}

static void
say(struct smtp_talk *t, const char *s, size_t n)
{
	size_t used = text_neuter(t->done.said, sizeof t->done.said - 1, s, n);

	t->done.said[used] = '\0';
}

static void
finish(struct smtp_talk *t, enum smtp_result result, bool usable)
{
	t->done.result = result;
	t->over = true;
	t->usable = usable;
}

void
smtp_talk_cut(struct smtp_talk *t, const char *why)
{
	char words[SMTP_SAID_BYTES];

	assert(!t->over);
	if (t->failed) {
		finish(t, t->done.result, false);
	} else if (t->ended) {
		(void)snprintf(words, sizeof words,
		    "no answer to the end of the mail: %s", why);
		say(t, words, strlen(words));
		finish(t, SMTP_UNSURE, false);
	} else {
		say(t, why, strlen(why));
		finish(t, SMTP_LATER, false);
	}
}

/* "550 5.1.1 No such user": the code of RFC 3463, when there is one. */
static void
keep_status(struct smtp_talk *t)
{
	const char *s = t->line + 4;
	size_t n = 0, dots = 0;

	if (t->line_n < 5)
		return;
	while (n < t->line_n - 4 && n < SMTP_STATUS_BYTES - 1 &&
	    ((s[n] >= '0' && s[n] <= '9') || s[n] == '.'))
		dots += s[n++] == '.';
	if (dots == 2 && s[0] == t->line[0] && s[n - 1] != '.') {
		memcpy(t->done.status, s, n);
		t->done.status[n] = '\0';
	}
}

/* The reply to t->reply says no. */
static void
refuse(struct smtp_talk *t, int code)
{
	bool last = t->reply == SMTP_PART_END;
	enum smtp_result result = SMTP_LATER;

	say(t, t->line, t->line_n);
	if (last && t->ended && (code < 400 || code > 599))
		result = SMTP_UNSURE;
	/* 530: it wants something of us first, and says nothing of the mail */
	if (code >= 500 && code <= 599 && code != 530 &&
	    t->reply != SMTP_PART_RSET)
		result = SMTP_REFUSED;
	keep_status(t);
	t->done.result = result;
	t->done.recipient =
	    t->reply == SMTP_PART_RCPT && result == SMTP_REFUSED;
	t->reset = t->reply > SMTP_PART_MAIL && !last;
	t->failed = true;
	/* the replies to what was written already can be waited for, unless
	 * this one makes no sense, or what was written ends amidst */
	if (code < 400 || code > 599 || code == 421 || t->at != 0 ||
	    t->reply == SMTP_PART_RSET)
		finish(t, result, false);
}

static bool
is_yes(const struct smtp_talk *t, int code)
{
	if (t->reply == SMTP_PART_DATA)
		return code == 354;
	return code >= 200 && code <= 299;
}

/* A whole reply; line is its last line. */
static void
reply(struct smtp_talk *t, int code)
{
	bool yes = is_yes(t, code);

	if (!t->failed && yes && t->reply == SMTP_PART_END && !t->ended) {
		smtp_talk_cut(t, "the server spoke out of turn");
	} else if (t->failed) {
		/* the server waits for a mail that nobody wants to send */
		if (t->reply == SMTP_PART_DATA && yes)
			finish(t, t->done.result, false);
	} else if (!yes) {
		refuse(t, code);
	} else if (t->reply == SMTP_PART_END) {
		say(t, t->line, t->line_n);
		finish(t, SMTP_SENT, true);
	}
	if (t->over)
		return;
	t->reply += t->reply == SMTP_PART_DATA ? 2 : 1;
	if (t->failed && t->reply >= t->write && t->at == 0)
		finish(t, t->done.result, true);
}

/* The code of a line, 0 when it has none. */
static int
code_of(const char *line, size_t n)
{
	int code = 0;

	if (n < 3 || (n > 3 && line[3] != ' ' && line[3] != '-'))
		return 0;
	for (size_t i = 0; i < 3; i++) {
		if (line[i] < '0' || line[i] > '9')
			return 0;
		code = 10 * code + (line[i] - '0');
	}
	return code;
}

static void
end_of_line(struct smtp_talk *t)
{
	int code;

	if (t->line_n != 0 && t->line[t->line_n - 1] == '\r')
		t->line_n--;
	code = code_of(t->line, t->line_n);
	if (code == 0 || t->line_n < 4 || t->line[3] != '-')
		reply(t, code);
	t->line_n = 0;
}

/* Is a word of the server an answer?  Amidst the mail itself it may say no,
 * as one that finds it too large does. */
static bool
is_its_turn(const struct smtp_talk *t)
{
	return t->reply < t->write || (t->reply == SMTP_PART_END &&
	    smtp_talk_has_begun(t) && !t->ended);
}

void
smtp_talk_in(struct smtp_talk *t, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n && !t->over; i++) {
		if (!is_its_turn(t)) {
			/* it speaks unasked: what it says next cannot be told
			 * from an answer */
			smtp_talk_cut(t, "the server spoke out of turn");
		} else if (bytes[i] == '\n') {
			end_of_line(t);
		} else if (t->line_n < sizeof t->line - 1) {
			t->line[t->line_n++] = bytes[i];
		}
	}
}
