/*
 * Writes the golden mails: usage: golden_mails FOLDER.  Facts are made up and
 * fixed, so the bytes depend on compose alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "hub/report/compose.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/base/file.h"

static const int64_t made_us = INT64_C(1795219200) * CLOCK_SECOND_US;

static struct addr
address(const char *s)
{
	struct addr a = {0};

	(void)addr_parse(text_of(s), &a);
	return a;
}

static struct compose_event
event(int ago_s, enum kind kind, uint16_t port, const char *to,
    uint16_t our_port, const char *service)
{
	return (struct compose_event){
	    .time_us = made_us - ago_s * CLOCK_SECOND_US,
	    .kind = kind,
	    .port = port,
	    .destination = address(to),
	    .destination_port = our_port,
	    .service = text_of(service),
	};
}

static struct compose_source
source(const char *a, const struct compose_event *lines, size_t n)
{
	struct compose_source s = {.address = address(a),
	    .events = (int64_t)n,
	    .hosts = 1,
	    .first_us = lines[0].time_us,
	    .last_us = lines[n - 1].time_us,
	    .method = "abusix",
	    .asked_us = made_us - CLOCK_DAY_US - CLOCK_SECOND_US,
	    .lines = lines,
	    .line_count = n};

	for (size_t i = 0; i < n; i++)
		s.kinds[lines[i].kind]++;
	return s;
}

static struct compose_facts
facts(const struct compose_source *sources, size_t n)
{
	struct compose_facts f = {
	    .uuid = "4f0c8a52-19d7-4c0e-9b1a-0a5d3e6f7788",
	    .made_us = made_us,
	    .organisation = "Example Mail",
	    .from = "abuse-report@mail.example",
	    .reply_to = "abuse-report@mail.example",
	    .domain = "mail.example",
	    .to = "abuse@isp.example",
	    .sources = sources,
	    .source_count = n,
	    .listed = n,
	    .hosts = 2,
	    .first_us = sources[0].first_us,
	    .last_us = sources[0].last_us,
	};

	for (size_t i = 0; i < n; i++) {
		f.events += sources[i].events;
		if (sources[i].first_us < f.first_us)
			f.first_us = sources[i].first_us;
		if (sources[i].last_us > f.last_us)
			f.last_us = sources[i].last_us;
		for (int k = 0; k < KIND_COUNT; k++)
			f.kinds[k] += sources[i].kinds[k];
	}
	return f;
}

static const char *folder;

static int
write_mail(const char *name, const struct compose_facts *f)
{
	struct arena *a = arena_open(0);
	struct composed mail;
	const char *why;
	int result = -1;

	if (compose_mails(f, a, &mail, &why) < 0 ||
	    file_write(arena_printf(a, "%s/mail_%s.eml", folder, name), 0644,
	        mail.mails->mail.at, mail.mails->mail.n, &why) < 0)
		fprintf(stderr, "%s: %s\n", name, why);
	else
		result = 0;
	arena_close(a);
	return result;
}

static int
one_source(void)
{
	const struct compose_event lines[] = {
	    event(90000, KIND_AUTH_FAILURE, 51234, "192.0.2.25", 587,
	        "postfix/submission/smtpd"),
	    event(89993, KIND_AUTH_FAILURE, 51240, "192.0.2.25", 587,
	        "postfix/submission/smtpd"),
	    event(3600, KIND_AUTH_FAILURE, 0, "", 0, "dovecot/imap-login"),
	};
	const struct compose_source s = source("203.0.113.7", lines, 3);
	const struct compose_facts f = facts(&s, 1);

	return write_mail("one_source", &f);
}

static int
many_sources(void)
{
	const struct compose_event four[] = {
	    event(90000, KIND_AUTH_FAILURE, 51234, "192.0.2.25", 25,
	        "postfix/smtpd"),
	    event(80000, KIND_RELAY_DENIED, 0, "", 0, "postfix/smtpd"),
	};
	const struct compose_event six[] = {
	    event(7200, KIND_AUTH_FAILURE, 40000, "2001:db8::25", 465,
	        "postfix/smtps/smtpd"),
	};
	const struct compose_event more[] = {
	    event(60, KIND_RELAY_DENIED, 1024, "192.0.2.25", 25, "exim"),
	};
	struct compose_source s[4] = {
	    source("203.0.113.7", four, 2),
	    source("2001:db8:1234:5678:9abc:def0:1234:5678", six, 1),
	    source("198.51.100.250", more, 1),
	    source("198.51.100.251", more, 1),
	};
	struct compose_facts f;

	s[0].events = 12;
	s[0].kinds[KIND_AUTH_FAILURE] = 10;
	s[0].kinds[KIND_RELAY_DENIED] = 2;
	s[0].hosts = 2;
	s[2].method = NULL;
	f = facts(s, 4);
	f.listed = 3;
	return write_mail("many_sources", &f);
}

/* Whatever a settings file, an agent or a log may hold. */
static int
hostile(void)
{
	const struct compose_event lines[] = {
	    event(60, KIND_AUTH_FAILURE, 1, "192.0.2.25", 0,
	        "x\r\nBcc: <a@b.example>\r\n\x1b[2J"),
	    event(50, KIND_NONE, 65535, "192.0.2.25", 65535, "\xff\xfe"),
	    event(40, KIND_SPAM_CONTENT, 0, "", 0, NULL),
	};
	const struct compose_source s = source("203.0.113.7", lines, 3);
	struct compose_facts f = facts(&s, 1);

	f.organisation = "M\xc3\xbcller\r\nBcc: <x@y.example>, "
	                 "\"Mail\" \x1b[31m"
	                 "GmbH =?utf-8?q?x?=";
	f.greeting = TEXT("Gr\xc3\xbc\xc3\x9f Gott,\r\n\x1b]0;x\x07\n.\n..\n"
	                  "\xc2\x9b" "31m\xff broken, and a line that is much "
	                  "longer than the seventy-six columns that a mail "
	                  "should have, with one word-that-cannot-be-broken-"
	                  "at-all-since-it-has-no-blank-and-is-too-long-itself "
	                  "in it\n");
	return write_mail("hostile", &f);
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: golden_mails FOLDER\n");
		return EX_USAGE;
	}
	folder = argv[1];
	return one_source() == 0 && many_sources() == 0 && hostile() == 0
	    ? EX_OK
	    : EX_SOFTWARE;
}
