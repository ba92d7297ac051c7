/*
 * The control of the hostile lines: what searches with regular expressions,
 * as log watchers have long used them, make of the same lines; see hostile.h.
 */
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/text.h"
#include "tests/rules/hostile.h"

#define IP "([0-9a-fA-F:.]*[0-9a-fA-F])"

/* The first that matches counts; its group 1 is the accused. */
static const struct {
	const char *pattern;
	enum kind kind;
} patterns[] = {
	{"rip=" IP ".*auth failed|auth failed.*rip=" IP, KIND_AUTH_FAILURE},
	{"," IP "(,<[^>]*>)?\\): (unknown user|Password mismatch|invalid)",
	    KIND_AUTH_FAILURE},
	{"," IP ",sasl:.*(unknown user|mismatch|invalid)", KIND_AUTH_FAILURE},
	{"rhost=" IP, KIND_AUTH_FAILURE},
	{".*\\[" IP "\\](:[0-9]+)?: SASL .* authentication (failed|aborted)",
	    KIND_AUTH_FAILURE},
	{"LOGIN FAILED,.* ip=\\[" IP, KIND_AUTH_FAILURE},
	{"badlogin: .*\\[" IP "\\]", KIND_AUTH_FAILURE},
	{".*\\[" IP "\\].*: 535 Incorrect authentication", KIND_AUTH_FAILURE},
	{"AUTH failure.*relay=[^[]*\\[(IPv6:" IP "|" IP ")",
	    KIND_AUTH_FAILURE},
	{"address=" IP ".*535 Authentication failed", KIND_AUTH_FAILURE},
	{".*\\[" IP "\\].*Relay access denied", KIND_RELAY_DENIED},
	{".*\\[" IP "\\].*relay not permitted", KIND_RELAY_DENIED},
	{"relay=[^[]*\\[" IP "\\].*Relaying denied", KIND_RELAY_DENIED},
	{".*\\[" IP "\\].*(User unknown|Unrouteable address)",
	    KIND_UNKNOWN_RECIPIENT},
	{".*(VRFY|EXPN).*\\[" IP "\\]", KIND_ENUMERATION},
	{".*(command|COMMAND|PREGREET|protocol|syntax).*\\[" IP "\\]",
	    KIND_PROTOCOL_ABUSE},
};

enum { PATTERNS = sizeof patterns / sizeof patterns[0], GROUPS = 6 };

struct naive {
	regex_t at[PATTERNS];
};

struct naive *
naive_open(void)
{
	struct naive *n = malloc(sizeof *n);

	if (n == NULL)
		abort();
	for (int i = 0; i < PATTERNS; i++)
		if (regcomp(&n->at[i], patterns[i].pattern, REG_EXTENDED) != 0)
			abort();
	return n;
}

void
naive_close(struct naive *n)
{
	if (n == NULL)
		return;
	for (int i = 0; i < PATTERNS; i++)
		regfree(&n->at[i]);
	free(n);
}

bool
naive_line(struct naive *n, const char *line, struct addr *ip,
    enum kind *kind)
{
	regmatch_t m[GROUPS];

	for (int i = 0; i < PATTERNS; i++) {
		if (regexec(&n->at[i], line, GROUPS, m, 0) != 0)
			continue;
		/* the group that holds an address */
		for (int g = 1; g < GROUPS; g++) {
			struct text t;

			if (m[g].rm_so < 0)
				continue;
			t.at = line + m[g].rm_so;
			t.n = (size_t)(m[g].rm_eo - m[g].rm_so);
			if (addr_parse(t, ip)) {
				*kind = patterns[i].kind;
				return true;
			}
		}
	}
	return false;
}
