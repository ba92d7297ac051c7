/* Headers that do not begin with one of the stamps of line_stamp.c; see
 * line_inside.h. */
#include <string.h>

#include "agent/line_inside.h"
#include "proto/event.h"

static struct text
behind(struct text t, size_t n)
{
	return (struct text){.at = t.at + n, .n = t.n - n};
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The next word and the blank behind it; absent when there is none. */
static struct text
take_word(struct text *t)
{
	const char *blank = memchr(t->at, ' ', t->n);
	struct text word;

	if (blank == NULL || blank == t->at)
		return (struct text){0};
	word = (struct text){.at = t->at, .n = (size_t)(blank - t->at)};
	*t = behind(*t, word.n + 1);
	return word;
}

static int64_t
number(struct text t)
{
	int64_t v = 0;

	if (t.n == 0 || t.n > 10)
		return EVENT_NO_PID;
	for (size_t i = 0; i < t.n; i++) {
		if (!is_digit(t.at[i]))
			return EVENT_NO_PID;
		v = v * 10 + (t.at[i] - '0');
	}
	return v;
}

/* Structured data (RFC 5424 6.3): "-", or elements in brackets, whose
 * values are quoted and may hold any brackets. */
static bool
take_structured_data(struct text *t)
{
	size_t at = 0;
	bool quoted = false;

	if (t->n > 0 && t->at[0] == '-') {
		*t = behind(*t, 1);
		return true;
	}
	if (t->n == 0 || t->at[0] != '[')
		return false;
	for (at = 1; at < t->n; at++) {
		if (quoted && t->at[at] == '\\')
			at++;
		else if (t->at[at] == '"')
			quoted = !quoted;
		else if (!quoted && t->at[at] == ']' &&
		         (at + 1 == t->n || t->at[at + 1] != '['))
			break;
	}
	if (at >= t->n)
		return false;
	*t = behind(*t, at + 1);
	return true;
}

/* RFC 5424 6 behind "<PRI>": "1 STAMP HOST APP PID MSGID DATA MESSAGE". */
static bool
parse_rfc5424(struct text t, struct line *out)
{
	static const char bom[] = "\xef\xbb\xbf";
	struct text pid;

	t = behind(t, 2);
	out->stamp = take_word(&t);
	out->host = take_word(&t);
	out->program = take_word(&t);
	pid = take_word(&t);
	if (out->stamp.n < 20 || out->program.at == NULL || pid.at == NULL ||
	    take_word(&t).at == NULL || !take_structured_data(&t))
		return false;
	out->form = LINE_RFC3339;
	out->pid = number(pid);
	if (text_is(out->host, "-"))
		out->host = (struct text){0};
	/* some write one blank more, the one behind "tag:" */
	for (int i = 0; i < 2 && t.n > 0 && t.at[0] == ' '; i++)
		t = behind(t, 1);
	if (t.n >= 3 && memcmp(t.at, bom, 3) == 0)
		t = behind(t, 3);
	out->message = t;
	line_take_daemon(out);
	return true;
}

/* "<22>" in front of all. */
static bool
parse_priority(struct text t, struct line *out)
{
	size_t at = 1;

	while (at < 4 && is_digit(t.at[at]))
		at++;
	if (at == 1 || t.at[at] != '>')
		return false;
	t = behind(t, at + 1);
	if (t.n < 24)
		return false;
	if (t.at[0] == '1' && t.at[1] == ' ')
		return parse_rfc5424(t, out);
	/* not once more: that would be a client's */
	return t.at[0] != '<' && line_parse(t, out);
}

/* journalctl -o short-full: "Fri 2026-11-21 21:02:31 UTC host tag[pid]: ".
 * The name of the zone says what the zone of the source says, but for UTC. */
static bool
parse_short_full(struct text t, struct line *out)
{
	static const char days[] = "MonTueWedThuFriSatSun";
	struct text stamp, zone;
	bool is_day = false;

	for (int i = 0; i < 7; i++)
		is_day |= memcmp(t.at, days + 3 * i, 3) == 0;
	if (!is_day || t.at[3] != ' ' || t.n < 40 || t.at[8] != '-')
		return false;
	t = behind(t, 4);
	stamp = (struct text){
	    .at = t.at, .n = line_stamp_length(t.at, t.n, &out->form)};
	if (stamp.n == 0 || out->form != LINE_LOCAL)
		return false;
	t = behind(t, stamp.n + 1);
	zone = take_word(&t);
	if (zone.at == NULL || zone.n > 6)
		return false;
	if (text_is(zone, "UTC"))
		stamp.n += 4;
	out->stamp = stamp;
	return line_parse_behind(t, out);
}

/* ASSP: "Mmm-dd-yy hh:mm:ss "; Kerio: "[dd/Mmm/yyyy hh:mm:ss] ". */
static bool
parse_one_program(struct text t, struct line *out)
{
	out->host = (struct text){0};
	out->pid = EVENT_NO_PID;
	if (t.n > 19 && t.at[3] == '-' && t.at[6] == '-' && t.at[9] == ' ' &&
	    t.at[12] == ':' && t.at[15] == ':' && t.at[18] == ' ') {
		out->form = LINE_ASSP;
		out->stamp = (struct text){.at = t.at, .n = 18};
		out->program = TEXT("assp");
		out->message = behind(t, 19);
		return true;
	}
	if (t.n > 23 && t.at[0] == '[' && t.at[3] == '/' && t.at[7] == '/' &&
	    t.at[12] == ' ' && t.at[15] == ':' && t.at[18] == ':' &&
	    t.at[21] == ']' && t.at[22] == ' ') {
		out->form = LINE_KERIO;
		out->stamp = (struct text){.at = t.at + 1, .n = 20};
		out->program = TEXT("kerio");
		out->message = behind(t, 23);
		return true;
	}
	return false;
}

bool
line_parse_rare(struct text line, struct line *out)
{
	if (line.at[0] == '<')
		return parse_priority(line, out);
	return parse_short_full(line, out) || parse_one_program(line, out) ||
	       line_parse_without_stamp(line, out);
}
