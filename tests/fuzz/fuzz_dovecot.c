/*
 * Dovecot's lines with any bytes as login and as password: whoever is accused
 * is the address that Dovecot wrote, whose place is known because the line is
 * made here.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/template.h"
#include "proto/base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TRUE_IP "203.0.113.7"

/* A line is: before, login, behind, password, end.  Templates of other forms
 * are tried on it, too: none may find another address in it. */
static const struct {
	const char *before, *behind, *end;
} lines[] = {
    {"Disconnected (auth failed, 1 attempts in 2 secs): user=<",
        ">, method=PLAIN, rip=" TRUE_IP ", lip=192.0.2.2, TLS, session=<ab>",
        NULL},
    {"Login aborted: Logged out (no auth attempts) (no_auth_attempts): user=<",
        ">, rip=" TRUE_IP ", lip=192.0.2.2", NULL},
    {"sql(", "," TRUE_IP ",<ab>): unknown user", NULL},
    {"sql(", "," TRUE_IP "): Password mismatch (given password: ", ")"},
    {"pam(", "," TRUE_IP ",<ab>): pam_authenticate() failed: Authentication "
             "failure (Password mismatch?)",
        NULL},
    {"(", "," TRUE_IP ",sasl:plain)<ab>: sql: unknown user", NULL},
    {"(", "," TRUE_IP ",sasl:plain)<ab>: sql: Password mismatch (given "
          "password: ",
        ")"},
    {"pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 "
     "tty=dovecot ruser=",
        " rhost=" TRUE_IP " ", NULL},
};

static const struct {
	const char *source;
	enum client_form client;
} templates[] = {
    {"Disconnected{note} (auth failed, {note}: user=<{user}>, method={mech}, "
     "{client}",
        CLIENT_DOVECOT},
    {"Login aborted{note} (auth failed, {note}: user=<{user}>, {client}",
        CLIENT_DOVECOT},
    {"{word}({user},{client}): unknown user{given}", CLIENT_DOVECOT_AUTH},
    {"{word}({user},{client}): Password mismatch{given}", CLIENT_DOVECOT_AUTH},
    {"{word}({user},{client}): pam_authenticate() failed: Authentication "
     "failure (Password mismatch?){given}",
        CLIENT_DOVECOT_AUTH},
    {"({user},{ip},sasl:{mech})<{sid}>: {helo}: unknown user{given}",
        CLIENT_NONE},
    {"({user},{ip},sasl:{mech}): {helo}: unknown user{given}", CLIENT_NONE},
    {"({user},{ip},sasl:{mech})<{sid}>: {helo}: Password mismatch{given}",
        CLIENT_NONE},
    {"pam_unix(dovecot:auth): authentication failure; logname= uid={num} "
     "euid={num} tty=dovecot ruser={user} rhost={ip}{blanks}",
        CLIENT_NONE},
};

enum {
	LINES = sizeof lines / sizeof lines[0],
	TEMPLATES = sizeof templates / sizeof templates[0],
	MOST = 700,
};

static size_t
put(char *out, size_t n, const void *s, size_t add)
{
	memcpy(out + n, s, add);
	return n + add;
}

static void
judge(const struct template *t, size_t line, struct text message)
{
	struct match m;
	struct addr truth;

	if (!template_match(t, message, &m))
		return;
	if (!addr_parse(TEXT(TRUE_IP), &truth) ||
	    !addr_equal(&truth, &m.source))
		abort();
	/* the second line tells of no failure, whatever its login says */
	if (line == 1)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct template *compiled[TEMPLATES];
	static struct arena *arena;
	char message[2 * MOST + 256];
	size_t login;

	if (arena == NULL) {
		const char *why;

		arena = arena_open(0);
		for (size_t i = 0; i < TEMPLATES; i++)
			compiled[i] = template_compile(arena,
			    text_of(templates[i].source), templates[i].client,
			    &why);
	}
	if (size < 1 || size > MOST)
		return 0;
	/* the first byte says where the login ends and the password begins */
	login = (size_t)data[0] % size;
	data++;
	size--;
	if (login > size)
		login = size;
	for (size_t i = 0; i < LINES; i++) {
		size_t n = put(message, 0, lines[i].before,
		    strlen(lines[i].before));

		n = put(message, n, data, lines[i].end == NULL ? size : login);
		n = put(message, n, lines[i].behind, strlen(lines[i].behind));
		if (lines[i].end != NULL) {
			n = put(message, n, data + login, size - login);
			n = put(message, n, lines[i].end,
			    strlen(lines[i].end));
		}
		for (size_t k = 0; k < TEMPLATES; k++)
			judge(compiled[k], i,
			    (struct text){.at = message, .n = n});
	}
	return 0;
}
