/* In place of source_journal.c in a build without libsystemd; see source.h.
 * conf.c refuses the journal as a source, so nothing else is needed. */
#include <sysexits.h>

#include "agent/source.h"
#include "proto/base/die.h"

bool
source_journal_is_built(void)
{
	return false;
}

struct source *
source_journal_open(const struct source_file_options *o)
{
	die(EX_CONFIG, "source.file: %s: built without the journal", o->path);
}
