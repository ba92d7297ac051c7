/* In place of relay_journal.c in a build without libsystemd; see
 * relay_journal.h. */
#include "hub/deliver/relay_journal.h"

const char *
relay_journal_place(const char *path, struct arena *a, const char **why)
{
	(void)path;
	(void)a;
	*why = "journal: built without it";
	return NULL;
}

int
relay_journal_read(const char *path, struct relay_log_place *places,
    size_t count, const char *mark, const struct relay_log_reader *reader)
{
	(void)path;
	(void)places;
	(void)count;
	(void)mark;
	(void)reader;
	return -1;
}
