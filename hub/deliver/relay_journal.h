/*
 * The relay's log in the systemd journal: the machine's own ("journal"), or a
 * folder of journal files or one of them ("journal:PATH").  Offers what
 * relay_log.h offers, which calls this.
 */
#ifndef PLAINTIFF_RELAY_JOURNAL_H
#define PLAINTIFF_RELAY_JOURNAL_H

#include <stddef.h>

struct arena;
struct relay_log_place;
struct relay_log_reader;

/* As relay_log_place: the newest entry's cursor. */
const char *relay_journal_place(const char *path, struct arena *a,
    const char **why);

/* As relay_log_read.  -1 also when entries are missing in between, as when
 * some of the journal's files may not be read: they are numbered. */
int relay_journal_read(const char *path, struct relay_log_place *places,
    size_t count, const char *mark, const struct relay_log_reader *reader)
    __attribute__((warn_unused_result));

#endif
