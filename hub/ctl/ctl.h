/*
 * What every command of `plaintiff` is given, and the commands themselves:
 * commands.def declares each once, with its sentence, its function and its
 * help.  A command returns the exit code (sysexits.h; 1: looked, and it is
 * not well).  Results go to stdout, everything else to stderr.
 */
#ifndef PLAINTIFF_CTL_H
#define PLAINTIFF_CTL_H

#include <stdbool.h>

#include "hub/ctl/sentence.h"

struct arena;
struct db;
struct hub_conf;

/* What a command needs before it can begin. */
enum ctl_needs {
	CTL_ADMIN, /* a session as plaintiff_admin, statements prepared */
	CTL_OWNER, /* a session as the schema's owner, for db_script */
	CTL_BOUNCE, /* a session as stage bounce; for a mail server's alias:
	               no failure is for good, so all of them are 75 */
};

struct ctl {
	const struct hub_conf *conf;
	struct db *db;
	struct arena *arena;
	bool json;
	/* values of the sentence's holes and flags, in its order; NULL where an
	 * optional one was left out */
	const char *args[SENTENCE_MOST_ARGS];
};

struct ctl_command {
	const char *sentence;
	enum ctl_needs needs;
	int (*run)(struct ctl *c);
	const char *help;
};

#define COMMAND(sentence, needs, function, help) int function(struct ctl *c);
#include "hub/ctl/commands.def"
#undef COMMAND

#endif
