/*
 * plaintiff: the administrator's command.  Finds the sentence that was said
 * in commands.def, opens the database session it needs, and runs it.  Knows
 * no command beyond its row in the table.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "hub/conf.h"
#include "hub/ctl/ctl.h"
#include "hub/db.h"
#include "hub/version.h"
#include "proto/base/arena.h"
#include "proto/base/log.h"

#define DEFAULT_CONF "/etc/plaintiff/hub.conf"

static const struct ctl_command commands[] = {
#define COMMAND(sentence, needs, function, help)                               \
	{sentence, needs, function, help},
#include "hub/ctl/commands.def"
#undef COMMAND
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void
usage(FILE *to)
{
	fputs("usage: plaintiff [-c FILE] [--json] COMMAND\n\n"
	      "  -c, --config FILE  the hub's settings; default: "
	      DEFAULT_CONF "\n"
	      "                     if it is there, else built-in values\n"
	      "      --json         print lists as JSON\n"
	      "      --version      versions of this program and its "
	      "libraries\n\n"
	      "commands:\n", to);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-32s %s\n", commands[i].sentence,
		    commands[i].help);
}

struct line {
	const char *conf_path;
	bool json, help, version;
	const char *words[SENTENCE_MOST_WORDS];
	size_t n;
};

/* Sorts the general options from the words; -1: logged. */
static int
line_read(int argc, char **argv, struct line *l)
{
	for (int i = 1; i < argc; i++) {
		const char *s = argv[i];

		if (strcmp(s, "--json") == 0) {
			l->json = true;
		} else if (strcmp(s, "-h") == 0 || strcmp(s, "--help") == 0) {
			l->help = true;
		} else if (strcmp(s, "--version") == 0) {
			l->version = true;
		} else if (strcmp(s, "-c") == 0 || strcmp(s, "--config") == 0) {
			if (++i == argc) {
				log_error("%s needs a file", s);
				return -1;
			}
			l->conf_path = argv[i];
		} else if (l->n == SENTENCE_MOST_WORDS) {
			log_error("too many words");
			return -1;
		} else {
			l->words[l->n++] = s;
		}
	}
	if (l->conf_path == NULL && access(DEFAULT_CONF, F_OK) == 0)
		l->conf_path = DEFAULT_CONF;
	return 0;
}

/* The command that was said, with its values; NULL: logged. */
static const struct ctl_command *
find(const struct line *l, struct ctl *c)
{
	const char *sentences[COMMANDS];
	const char *why = NULL;
	int i;

	for (size_t k = 0; k < COMMANDS; k++)
		sentences[k] = commands[k].sentence;
	i = sentence_find(sentences, COMMANDS, l->words, l->n, c->arena, &why);
	if (i < 0) {
		log_error("%s; see plaintiff --help", why);
		return NULL;
	}
	if (sentence_read(sentences[i], l->words, l->n, c->args, c->arena,
	        &why) < 0) {
		log_error("%s; usage: plaintiff %s", why, sentences[i]);
		return NULL;
	}
	return &commands[i];
}

static struct db *
session(enum ctl_needs needs, const struct hub_conf *conf)
{
	bool hopeless;

	switch (needs) {
	case CTL_OWNER:
		return db_open_owner(conf);
	case CTL_BOUNCE:
		return db_open(conf, "bounce", &hopeless);
	case CTL_ADMIN:
		break;
	}
	return db_open(conf, "ctl", &hopeless);
}

static int
run(const struct ctl_command *command, const struct line *l, struct ctl *c)
{
	bool alias = command->needs == CTL_BOUNCE;
	int code;

	c->conf = hub_conf_load(l->conf_path, c->arena);
	if (c->conf == NULL)
		return alias ? EX_TEMPFAIL : EX_CONFIG;
	c->json = l->json;
	c->db = session(command->needs, c->conf);
	if (c->db == NULL)
		return alias ? EX_TEMPFAIL : EX_UNAVAILABLE;
	code = command->run(c);
	db_close(c->db);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_error("cannot write to standard output");
		return EX_IOERR;
	}
	return code;
}

int
main(int argc, char **argv)
{
	struct line l = {0};
	struct ctl c = {0};
	const struct ctl_command *command;
	int code = EX_USAGE;

	log_open("plaintiff");
	if (line_read(argc, argv, &l) < 0)
		return EX_USAGE;
	if (l.version) {
		version_print();
		return EX_OK;
	}
	if (l.help || l.n == 0) {
		usage(l.help ? stdout : stderr);
		return l.help ? EX_OK : EX_USAGE;
	}
	c.arena = arena_open(0);
	command = find(&l, &c);
	if (command != NULL)
		code = run(command, &l, &c);
	arena_close(c.arena);
	return code;
}
