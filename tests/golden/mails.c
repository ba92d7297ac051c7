/*
 * Writes the golden mails: usage: golden_mails FOLDER.  Facts are made up and
 * fixed, so the bytes depend on compose alone.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "hub/report/greetings.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/file.h"
#include "tests/golden/facts.h"

static const char *folder;

/* The mails of a report as mail_NAME.eml, or mail_NAME_1.eml and so on. */
static int
write_mails(const char *name, const struct compose_facts *f)
{
	struct arena *a = arena_open(0);
	struct composed made;
	const char *why = "?";
	int result = compose_mails(f, a, &made, &why);

	for (size_t i = 0; result == 0 && i < made.count; i++) {
		const char *path = made.count == 1
		    ? arena_printf(a, "%s/mail_%s.eml", folder, name)
		    : arena_printf(a, "%s/mail_%s_%zu.eml", folder, name,
		          i + 1);

		result = file_write(path, 0644, made.mails[i].mail.at,
		    made.mails[i].mail.n, &why);
	}
	if (result < 0)
		fprintf(stderr, "%s: %s\n", name, why);
	arena_close(a);
	return result;
}

static int
one_source(void)
{
	const struct compose_event lines[] = {
	    facts_event(90000, KIND_AUTH_FAILURE, 51234, "192.0.2.25", 587,
	        "postfix/submission/smtpd", "canary-login@victim.example"),
	    facts_event(89993, KIND_AUTH_FAILURE, 51240, "192.0.2.25", 587,
	        "postfix/submission/smtpd", "info"),
	    facts_event(3600, KIND_AUTH_FAILURE, 0, "", 0,
	        "dovecot/imap-login", "Canary-Login@victim.example"),
	};
	struct compose_source s = facts_source("203.0.113.7", lines, 3);
	const struct compose_facts f = facts_of(&s, 1);

	return write_mails("one_source", &f);
}

/* The greeting that the operator has for the domain whose logins were
 * tried, in German, and no other trace of that domain. */
static int
domain_greeting(void)
{
	static const struct greeting_of of[] = {
	    {"ours.example", LANGUAGE_EN, TEXT("wrong language\n")},
	    {"ours.example", LANGUAGE_DE,
	        TEXT("Guten Tag,\n\njemand in Ihrem Netz versucht sich an den "
	             "Konten der Stadtwerke ({events} von {addresses}).\n")},
	    {"theirs.example", LANGUAGE_DE, TEXT("wrong domain\n")},
	};
	const struct greetings greetings = {.of = of, .n = 3};
	const struct compose_event lines[] = {
	    facts_event(90000, KIND_AUTH_FAILURE, 51234, "192.0.2.25", 587,
	        "postfix/submission/smtpd", "info@Ours.example"),
	    facts_event(3600, KIND_AUTH_FAILURE, 0, "", 0,
	        "dovecot/imap-login", "sales@ours.example"),
	};
	struct compose_source s = facts_source("203.0.113.7", lines, 2);
	struct compose_facts f = facts_of(&s, 1);

	f.language = LANGUAGE_DE;
	f.mode = COMPOSE_TEXT;
	f.greeting = greetings_choose(&greetings, &f);
	return write_mails("domain_greeting", &f);
}

/* The same report in each mode and language. */
static int
modes(void)
{
	static const char *const names[] = {"consolidated", "xarf", "text"};
	const struct compose_event four[] = {
	    facts_event(90000, KIND_AUTH_FAILURE, 51234, "192.0.2.25", 25,
	        "postfix/smtpd", "info@victim.example"),
	    facts_event(89000, KIND_AUTH_FAILURE, 51299, "192.0.2.25", 25,
	        "postfix/smtpd", "sales@victim.example"),
	    facts_event(80000, KIND_RELAY_DENIED, 0, "", 0, "postfix/smtpd",
	        NULL),
	};
	const struct compose_event six[] = {
	    facts_event(7200, KIND_AUTH_FAILURE, 40000, "2001:db8::25", 465,
	        "postfix/smtps/smtpd", "info@victim.example"),
	};
	struct compose_source s[2] = {
	    facts_source("203.0.113.7", four, 3),
	    facts_source("2001:db8:1234:5678:9abc:def0:1234:5678", six, 1),
	};
	struct compose_facts f;
	int result = 0;

	s[0].hosts = 2;
	s[0].asn = 64500;
	memcpy(s[0].country, "DE", 3);
	s[1].method = "rdap";
	s[1].asked_us = facts_made_us - CLOCK_SECOND_US;
	s[1].again = true;
	f = facts_of(s, 2);
	for (int mode = 0; mode < 3; mode++)
		for (int l = 0; result == 0 && l < LANGUAGE_COUNT; l++) {
			char name[40];

			f.mode = (enum compose_mode)mode;
			f.language = (enum language)l;
			(void)snprintf(name, sizeof name, "%s_%s",
			    names[mode], language_name(f.language));
			result = write_mails(name, &f);
		}
	return result;
}

/* More than are listed, of several networks; without logins. */
static int
many_sources(void)
{
	const struct compose_event relay[] = {
	    facts_event(60, KIND_RELAY_DENIED, 1024, "192.0.2.25", 25, "exim",
	        NULL),
	};
	const struct compose_event login[] = {
	    facts_event(7200, KIND_AUTH_FAILURE, 40000, "2001:db8::25", 465,
	        "postfix/smtps/smtpd", NULL),
	};
	const struct compose_event blind[] = {
	    facts_event(9000, KIND_AUTH_FAILURE, 0, "", 0, "postfix/smtpd",
	        NULL),
	};
	struct compose_source s[] = {
	    facts_source("203.0.113.7", blind, 1),
	    facts_source("2001:db8:1234:5678:9abc:def0:1234:5678", login, 1),
	    facts_source("198.51.100.250", relay, 1),
	    facts_source("203.0.113.70", relay, 1),
	    facts_source("203.0.113.77", login, 1),
	    facts_source("2001:db8:1234:5678::1", relay, 1),
	    facts_source("198.51.100.2", relay, 1),
	    facts_source("198.51.101.2", relay, 1),
	    facts_source("2001:db8:1234:5679::1", relay, 1),
	    facts_source("203.0.112.7", login, 1),
	};
	struct compose_facts f;

	s[0].events = 12;
	s[0].kinds[KIND_AUTH_FAILURE] = 10;
	s[0].kinds[KIND_RELAY_DENIED] = 2;
	s[0].hosts = 2;
	s[2].method = NULL;
	s[3].method = "rdap";
	f = facts_of(s, sizeof s / sizeof s[0]);
	f.listed = 9;
	f.xarf_max = 4;
	return write_mails("many_sources", &f);
}

/* Whatever a settings file, an agent or a log may hold. */
static int
hostile(void)
{
	const struct compose_event lines[] = {
	    facts_event(60, KIND_AUTH_FAILURE, 1, "192.0.2.25", 0,
	        "x\r\nBcc: <a@b.example>\r\n\x1b[2J",
	        "canary\r\nBcc: <c@d.example>\r\n\r\n--\x1b[2J"),
	    facts_event(50, KIND_NONE, 65535, "192.0.2.25", 65535, "\xff\xfe",
	        "=cmd|' /C canary'!A0"),
	    facts_event(40, KIND_SPAM_CONTENT, 0, "", 0, NULL, "\xff\xfe{n}"),
	};
	const struct compose_source s = facts_source("203.0.113.7", lines, 3);
	struct compose_facts f = facts_of(&s, 1);

	f.organisation = "M\xc3\xbcller\r\nBcc: <x@y.example>, "
	                 "\"Mail\" \x1b[31m"
	                 "GmbH =?utf-8?q?x?= {n}";
	f.greeting = TEXT("Gr\xc3\xbc\xc3\x9f Gott {addresses} {{x}} {no "
	                  "field,\r\n\x1b]0;x\x07\n.\n..\n"
	                  "\xc2\x9b" "31m\xff broken, and a line that is much "
	                  "longer than the seventy-six columns that a mail "
	                  "should have, with one word-that-cannot-be-broken-"
	                  "at-all-since-it-has-no-blank-and-is-too-long-itself "
	                  "in it\n");
	return write_mails("hostile", &f);
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: golden_mails FOLDER\n");
		return EX_USAGE;
	}
	folder = argv[1];
	return one_source() == 0 && modes() == 0 && many_sources() == 0 &&
	        hostile() == 0 && domain_greeting() == 0
	    ? EX_OK
	    : EX_SOFTWARE;
}
