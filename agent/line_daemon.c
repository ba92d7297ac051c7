/* What Dovecot and Exim put in front of their messages; see line.h. */
#include <string.h>

#include "agent/line_again.h"
#include "agent/line_inside.h"
#include "agent/signs.h"
#include "proto/event.h"

/* Dovecot's processes that rules may concern. */
static const struct {
	struct text name, program;
} processes[] = {
    {TEXT_INIT("imap-login"), TEXT_INIT("dovecot/imap-login")},
    {TEXT_INIT("pop3-login"), TEXT_INIT("dovecot/pop3-login")},
    {TEXT_INIT("submission-login"), TEXT_INIT("dovecot/submission-login")},
    {TEXT_INIT("managesieve-login"), TEXT_INIT("dovecot/managesieve-login")},
    {TEXT_INIT("auth"), TEXT_INIT("dovecot/auth")},
    {TEXT_INIT("auth-worker"), TEXT_INIT("dovecot/auth-worker")},
    {TEXT_INIT("imap"), TEXT_INIT("dovecot/imap")},
    {TEXT_INIT("pop3"), TEXT_INIT("dovecot/pop3")},
    {TEXT_INIT("submission"), TEXT_INIT("dovecot/submission")},
    {TEXT_INIT("managesieve"), TEXT_INIT("dovecot/managesieve")},
    {TEXT_INIT("lmtp"), TEXT_INIT("dovecot/lmtp")},
};

static struct text
behind(struct text t, size_t n)
{
	return (struct text){.at = t.at + n, .n = t.n - n};
}

static size_t
name_length(struct text t)
{
	size_t n = 0, most = t.n < 32 ? t.n : 32;

	while (n < most && line_is_process_sign(t.at[n]))
		n++;
	return n;
}

static size_t
digits(struct text t, size_t at)
{
	while (at < t.n && t.at[at] >= '0' && t.at[at] <= '9')
		at++;
	return at;
}

/* Of one or two digits. */
static uint8_t
two_digits(struct text t, size_t from, size_t to)
{
	int v = t.at[from] - '0';

	return (uint8_t)(to - from == 1 ? v : 10 * v + (t.at[from + 1] - '0'));
}

/* Length of a level such as "Info: " at the beginning of t, or 0. */
static size_t
level_length(struct text t)
{
	static const char *const levels[] = {"Info: ", "Warning: ", "Error: ",
	    "Debug: ", "Fatal: ", "Panic: "};

	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		if (t.n > 0 && t.at[0] == levels[i][0] &&
		    text_begins(t, levels[i]))
			return strlen(levels[i]);
	return 0;
}

bool
line_is_dovecot(struct text t)
{
	size_t n = name_length(t);

	if (n == 0 || n + 1 >= t.n)
		return false;
	return t.at[n] == '(' || (t.at[n] == ':' && t.at[n + 1] == ' ' &&
	                             level_length(behind(t, n + 2)) > 0);
}

/* Length of "(pid): " or "(default): " behind the name of a process, or 0.
 * Since 2.4 auth, which has no pid there, writes "(login,address,sasl:...)",
 * and a login may be "304): ": that is the message. */
static size_t
instance_length(struct text t, bool is_auth)
{
	size_t n;

	if (text_begins(t, "(default): "))
		n = strlen("(default): ");
	else if (t.n > 3 && t.at[0] == '(' && (n = digits(t, 1)) > 1 &&
	         n + 3 <= t.n && memcmp(t.at + n, "): ", 3) == 0)
		n += 3;
	else
		return 0;
	return is_auth && memmem(t.at, t.n, ",sasl:", 6) != NULL ? 0 : n;
}

/* The program of a process of that name, or NULL. */
static const struct text *
program_of(struct text name)
{
	for (size_t i = 0; i < sizeof processes / sizeof processes[0]; i++)
		if (name.n == processes[i].name.n &&
		    name.at[0] == processes[i].name.at[0] &&
		    text_equal(name, processes[i].name))
			return &processes[i].program;
	return NULL;
}

/* The program of the process whose name t begins with, or NULL, and the
 * length of what is made like a name.  Most are found by where they end. */
static const struct text *
take_process(struct text t, size_t *length)
{
	const struct text *program = NULL;
	size_t n = SIGNS_BYTES;

	if (t.n > SIGNS_BYTES)
		n = signs_first(t.at, ':', '(', ' ');
	if (n > 0 && n < SIGNS_BYTES)
		program = program_of((struct text){.at = t.at, .n = n});
	if (program == NULL) {
		n = name_length(t);
		if (n > 0)
			program = program_of((struct text){.at = t.at, .n = n});
	}
	*length = n;
	return program;
}

void
line_take_dovecot(struct line *out)
{
	const struct text *program;
	struct text t = out->message, name;
	size_t n;

	out->program = TEXT("dovecot");
	if (text_begins(t, "dovecot: "))
		t = behind(t, strlen("dovecot: "));
	program = take_process(t, &n);
	name = (struct text){.at = t.at, .n = n};
	t = behind(t, n);
	if (t.n == 0 || (t.at[0] != ':' && t.at[0] != '('))
		return;
	if (program != NULL)
		out->program = *program;
	if (t.at[0] == '(')
		n = instance_length(t, text_is(name, "auth"));
	else
		n = t.n > 1 && t.at[1] == ' ' ? 2 : 1;
	t = behind(t, n);
	if (n > 0)
		t = behind(t, level_length(t));
	out->message = t;
}

/* The mark of a record that was split for syslog, "[1\\2] " where a line of
 * it ended and another follows, or "[2/3] "; *length is that of the mark. */
static void
read_piece(struct text t, struct line *out, size_t *length)
{
	size_t number = digits(t, 1), count;

	*length = 0;
	if (t.n < 6 || t.at[0] != '[' || number == 1 || number > 3 ||
	    number + 1 >= t.n ||
	    (t.at[number] != '\\' && t.at[number] != '/'))
		return;
	count = digits(t, number + 1);
	if (count == number + 1 || count > number + 3 || count + 1 >= t.n ||
	    t.at[count] != ']' || t.at[count + 1] != ' ')
		return;
	out->piece = two_digits(t, 1, number);
	out->pieces = two_digits(t, number + 1, count);
	out->is_cut = t.at[number] == '/';
	*length = count + 2;
}

void
line_take_exim(struct line *out)
{
	struct text t = out->message;
	enum line_form form;
	size_t n;

	read_piece(t, out, &n);
	t = behind(t, n);
	if (out->piece == 1 && !out->is_cut)
		out->piece = 0;
	/* the rest of a record is a client's text from its first byte on */
	if (out->piece > 1) {
		out->message = t;
		return;
	}
	if (t.n >= 21 && t.at[0] >= '0' && t.at[0] <= '9') {
		n = line_stamp_length(t.at, t.n, &form);
		if (n > 0 && form == LINE_LOCAL)
			t = behind(t, n + 1);
	}
	if (t.n > 3 && t.at[0] == '[') {
		n = digits(t, 1);
		if (n > 1 && n < 12 && n + 1 < t.n && t.at[n] == ']' &&
		    t.at[n + 1] == ' ') {
			int64_t pid = 0;

			for (size_t i = 1; i < n; i++)
				pid = pid * 10 + (t.at[i] - '0');
			if (out->pid == EVENT_NO_PID)
				out->pid = pid;
			t = behind(t, n + 2);
		}
	}
	out->message = t;
}
