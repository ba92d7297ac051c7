/*
 * plaintiff-agent: names its commands and passes each to the file that does
 * it.  Decides nothing else.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "agent/check_rules.h"
#include "agent/conf.h"
#include "agent/key.h"
#include "agent/run.h"
#include "agent/scan.h"
#include "agent/status.h"
#include "agent/version.h"
#include "proto/base/arena.h"
#include "proto/base/log.h"
#include "proto/base/text.h"

static const char default_conf[] = "/etc/plaintiff/agent.conf";

/* The options of run, key and status. */
struct options {
	const char *conf;
	bool check, json, once;
	int64_t once_ms;
};

static int
usage(void)
{
	fputs("plaintiff-agent --help lists the commands\n", stderr);
	return EX_USAGE;
}

static int
parse_seconds(const char *s, int64_t *ms)
{
	enum { DEFAULT_S = 10, MOST_S = 86400 };
	char *end;
	long n;

	if (s == NULL) {
		*ms = DEFAULT_S * 1000;
		return 0;
	}
	n = strtol(s, &end, 10);
	if (*s < '0' || *s > '9' || *end != '\0' || n > MOST_S) {
		fprintf(stderr, "plaintiff-agent: --once=%s: seconds from 0 to "
		    "%d expected\n", s, MOST_S);
		return -1;
	}
	*ms = n * 1000;
	return 0;
}

static int
parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"test", no_argument, NULL, 't'},
	    {"json", no_argument, NULL, 'j'},
	    {"once", optional_argument, NULL, 'o'},
	    {0}};
	int c;

	*o = (struct options){.conf = default_conf};
	while ((c = getopt_long(argc, argv, "c:t", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->conf = optarg;
			break;
		case 't':
			o->check = true;
			break;
		case 'j':
			o->json = true;
			break;
		case 'o':
			o->once = true;
			if (parse_seconds(optarg, &o->once_ms) < 0)
				return -1;
			break;
		default:
			return -1;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "plaintiff-agent: not expected: %s\n",
		    argv[optind]);
		return -1;
	}
	return 0;
}

static int
run_main(int argc, char **argv)
{
	struct options o;

	if (parse(argc, argv, &o) < 0)
		return usage();
	return o.check ? run_check(o.conf)
	    : run_agent(o.conf, o.once ? &o.once_ms : NULL);
}

/* Runs what needs no more than the settings. */
static int
with_conf(const struct options *o, bool is_key)
{
	struct arena *a = arena_open(0);
	const struct agent_conf *conf = agent_conf_load(o->conf, a);
	int result = EX_CONFIG;

	if (conf != NULL)
		result = is_key ? key_print(conf) : status_print(conf,
		    o->json);
	arena_close(a);
	return result;
}

static int
key_main(int argc, char **argv)
{
	struct options o;

	return parse(argc, argv, &o) < 0 ? usage() : with_conf(&o, true);
}

static int
status_main(int argc, char **argv)
{
	struct options o;

	return parse(argc, argv, &o) < 0 ? usage() : with_conf(&o, false);
}

static int
sample_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	conf_print_sample(&agent_conf_table, stdout);
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

static int
scdoc_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	conf_print_scdoc(&agent_conf_table, stdout);
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

static const struct command {
	const char *name, *arguments;
	const char *what; /* NULL: not shown */
	int (*main)(int argc, char **argv);
} commands[] = {
    {"run", "[-c FILE] [-t] [--once[=SECONDS]]",
        "follow the logs and report to the hub; -t only checks, --once ends "
        "when what is there was read and sent", run_main},
    {"scan", "[--json] [--all] [--explain | --unmatched] [FILE|-]...",
        "show what would be detected in these logs", scan_main},
    {"check-rules", "[DIR]", "check rules against their samples",
        check_rules_main},
    {"key", "[-c FILE]", "make the key if needed, print its public half",
        key_main},
    {"status", "[-c FILE] [--json]", "counters and how far logs were read",
        status_main},
    {"sample-config", "", "every setting with its default", sample_main},
    {"settings-scdoc", "", NULL, scdoc_main},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int
help(void)
{
	printf("usage: plaintiff-agent COMMAND [OPTION]...\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		if (commands[i].what != NULL)
			printf("  %s%s%s\n        %s\n", commands[i].name,
			    commands[i].arguments[0] == '\0' ? "" : " ",
			    commands[i].arguments, commands[i].what);
	printf("  -t [-c FILE]\n        as run -t\n"
	    "  --version\n        versions of this program and its "
	    "libraries\n\n"
	    "Settings are read from %s unless -c names another file.\n",
	    default_conf);
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

static int
unknown(const char *name)
{
	const char *names[COMMANDS], *near;

	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	near = text_nearest(name, names, COMMANDS);
	fprintf(stderr, "plaintiff-agent: unknown command \"%s\"", name);
	if (near != NULL)
		fprintf(stderr, "; did you mean \"%s\"?", near);
	fputc('\n', stderr);
	return usage();
}

int
main(int argc, char **argv)
{
	log_open("agent");
	if (argc < 2)
		return usage();
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0)
		return help();
	if (strcmp(argv[1], "--version") == 0) {
		agent_version_print();
		return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
	}
	/* options without a command are run's, if they only check */
	if (strcmp(argv[1], "-t") == 0 || strcmp(argv[1], "-c") == 0) {
		struct options o;

		if (parse(argc, argv, &o) < 0 || !o.check)
			return usage();
		return run_check(o.conf);
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].main(argc - 1, argv + 1);
	return unknown(argv[1]);
}
