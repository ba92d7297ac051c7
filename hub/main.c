/*
 * plaintiff-hub: picks the stage or the small command named on the command
 * line.  Knows no stage beyond its row in the table below, but for the texts
 * of report, which -t checks with the settings.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "hub/conf.h"
#include "hub/report/greetings.h"
#include "hub/version.h"
#include "hub/worker.h"
#include "proto/base/arena.h"
#include "proto/base/log.h"
#include "proto/base/text.h"
#include "proto/curve.h"

static const struct worker *const workers[] = {&worker_receive,
    &worker_lookup, &worker_report, &worker_deliver, &worker_bounce,
    &worker_tidy, &worker_finder};
enum { WORKERS = sizeof workers / sizeof workers[0] };

struct options {
	const char *conf_path;
	bool once;
	bool test;
};

static void
usage(FILE *to)
{
	fputs("usage: plaintiff-hub STAGE|all [-c FILE] [--once] [-t]\n"
	      "       plaintiff-hub key [-c FILE]\n"
	      "       plaintiff-hub sample-config\n\n"
	      "  -c, --config FILE  settings; default: built-in values\n"
	      "  -t, --test         check the settings and exit\n"
	      "      --once         work until nothing is left, then exit\n"
	      "      --version      versions of this program and its "
	      "libraries\n\n"
	      "stages:\n", to);
	for (size_t i = 0; i < WORKERS; i++)
		fprintf(to, "  %-9s %s\n", workers[i]->name, workers[i]->what);
	fputs("  all       every stage as a process, started again when it "
	      "ends\n", to);
}

static int
key_main(const struct hub_conf *conf)
{
	struct curve_key key;
	const char *why;

	if (access(conf->receive_key, F_OK) != 0 &&
	    curve_make(conf->receive_key, &key, &why) < 0) {
		log_error("cannot make %s: %s", conf->receive_key, why);
		return EX_CANTCREAT;
	}
	if (curve_read(conf->receive_key, &key, &why) < 0) {
		log_error("cannot use %s: %s", conf->receive_key, why);
		return EX_CONFIG;
	}
	printf("%s\n", key.public_text);
	return EX_OK;
}

/* The commands that are no stage; -1 when the word is none of them. */
static int
command_main(const char *word, const struct options *o)
{
	struct arena *a = arena_open(0);
	const struct hub_conf *conf = NULL;
	int code = -1;

	if (strcmp(word, "sample-config") == 0) {
		conf_print_sample(&hub_conf_table, stdout);
		code = EX_OK;
	} else if (strcmp(word, "settings-scdoc") == 0) {
		conf_print_scdoc(&hub_conf_table, stdout);
		code = EX_OK;
	} else if (strcmp(word, "key") == 0) {
		conf = hub_conf_load(o->conf_path, a);
		code = conf == NULL ? EX_CONFIG : key_main(conf);
	} else if (o->test) {
		struct greetings greetings;

		conf = hub_conf_load(o->conf_path, a);
		if (conf != NULL && greetings_load(conf, a, &greetings) < 0)
			conf = NULL;
		if (conf != NULL)
			printf("%s: settings are good\n",
			    o->conf_path == NULL ? "defaults" : o->conf_path);
		code = conf == NULL ? EX_CONFIG : EX_OK;
	}
	arena_close(a);
	return code;
}

static int
unknown_stage(const char *word)
{
	const char *names[WORKERS + 3];
	const char *near;

	for (size_t i = 0; i < WORKERS; i++)
		names[i] = workers[i]->name;
	names[WORKERS] = "all";
	names[WORKERS + 1] = "key";
	names[WORKERS + 2] = "sample-config";
	near = text_nearest(word, names, WORKERS + 3);
	if (near != NULL)
		log_error("no stage \"%s\"; did you mean \"%s\"?", word, near);
	else
		log_error("no stage \"%s\"; see plaintiff-hub --help", word);
	return EX_USAGE;
}

static int
run(const char *word, const char *program, const struct options *o)
{
	int code = command_main(word, o);

	if (code >= 0)
		return code;
	if (strcmp(word, "all") == 0)
		return all_main(program, o->conf_path);
	for (size_t i = 0; i < WORKERS; i++)
		if (strcmp(word, workers[i]->name) == 0)
			return worker_main(workers[i], program, o->conf_path,
			    o->once);
	return unknown_stage(word);
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"test", no_argument, NULL, 't'},
	    {"once", no_argument, NULL, 'o'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},
	    {0},
	};
	struct options o = {0};
	char program[4096];
	ssize_t n;
	int c;

	log_open("plaintiff-hub");
	while ((c = getopt_long(argc, argv, "c:th", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			o.conf_path = optarg;
			break;
		case 't':
			o.test = true;
			break;
		case 'o':
			o.once = true;
			break;
		case 'h':
			usage(stdout);
			return EX_OK;
		case 'V':
			version_print();
			return EX_OK;
		default:
			usage(stderr);
			return EX_USAGE;
		}
	}
	if (optind != argc - 1 && !(o.test && optind == argc)) {
		usage(stderr);
		return EX_USAGE;
	}
	if (!version_is_safe())
		return EX_CONFIG;
	n = readlink("/proc/self/exe", program, sizeof program - 1);
	if (n < 0) {
		log_error("cannot find myself: %s", strerror(errno));
		return EX_OSERR;
	}
	program[n] = '\0';
	return run(optind == argc ? "" : argv[optind], program, &o);
}
