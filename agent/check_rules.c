/* The subcommand check-rules; see check_rules.h. */
#include "agent/check_rules.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

#include "agent/rules.h"

static const char usage[] =
    "usage: plaintiff-agent check-rules [DIR]\n"
    "\n"
    "Reads all *.rules files (of DIR, or the ones that run would use) and\n"
    "runs their samples.  Each complaint names file and line.\n";

int
check_rules_main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	struct buf errors = {0};
	struct rules_counts n;
	struct rules *r;
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		fputs(usage, c == 'h' ? stdout : stderr);
		return c == 'h' ? 0 : EX_USAGE;
	}
	if (argc - optind > 1) {
		fputs(usage, stderr);
		return EX_USAGE;
	}
	r = rules_open(optind < argc ? argv[optind] : NULL, &errors);
	if (r == NULL) {
		fputs(errors.data, stderr);
		buf_free(&errors);
		return EX_DATAERR;
	}
	n = rules_count(r);
	printf("%zu files, %zu rules, %zu templates, %zu samples: all good\n",
	    n.files, n.rules, n.templates, n.samples);
	rules_close(r);
	buf_free(&errors);
	return 0;
}
