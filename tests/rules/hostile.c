/*
 * Hostile lines for every format, judged: does anything a client writes into
 * logins, HELO names, addresses, commands or reverse DNS change whom the
 * agent accuses, or of what?  The truth is known because the lines are made
 * here; see hostile.h.
 *
 *   hostile_lines [-n LINES] [-s SEED] [-f FORMAT] [-k DIR] [-v SHOWN]
 *       [-c CONTROL_LINES] AGENT RULES_DIR
 *
 * Exit 1 when anybody was accused wrongly, a kind that would be reported is
 * not true, a time is wrong, or the control is wrong in too few lines to
 * prove that the lines are hostile.
 */
#include "tests/rules/hostile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/clock.h"

enum { CONTROL_PERCENT = 10 };

struct options {
	struct judge_options judge;
	uint64_t lines, seed;
	const char *only, *keep;
};

static const struct format *const all[] = {formats_postfix, formats_dovecot,
	formats_exim, formats_rest};

/* 0, or -1 when the file cannot be written. */
static int
make_file(const struct options *o, const struct format *f, const char *name,
    struct truths *truths)
{
	struct draft *d = calloc(1, sizeof *d);
	int result = 0;

	if (d == NULL)
		abort();
	d->format = f;
	d->random = o->seed ^ hostile_hash(f->name, strlen(f->name));
	d->truths = truths;
	d->out = fopen(name, "w");
	clock_parse("2026-03-01T00:00:00Z", 20, &d->clock_us);
	if (d->out == NULL) {
		perror(name);
		free(d);
		return -1;
	}
	while (truths->n < o->lines)
		f->make(d);
	if (fclose(d->out) != 0) {
		perror(name);
		result = -1;
	}
	free(d);
	return result;
}

static unsigned
percent(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : (unsigned)(part * 100 / whole);
}

static void
print_row(const char *name, const struct verdict *v, const char *note)
{
	printf("%-29s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64
	    " %6" PRIu64 " %6" PRIu64 " %6" PRIu64 " %6" PRIu64 " %6" PRIu64
	    " %6u%% %s\n", name, v->lines, v->expected, v->found, v->missed,
	    v->wrong_ip, v->wrong_kind, v->wrong_time, v->other_kind,
	    v->other_login, percent(v->naive_wrong, v->naive_lines), note);
	fflush(stdout);
}

static void
add(struct verdict *sum, const struct verdict *v)
{
	sum->lines += v->lines;
	sum->expected += v->expected;
	sum->found += v->found;
	sum->missed += v->missed;
	sum->wrong_ip += v->wrong_ip;
	sum->wrong_kind += v->wrong_kind;
	sum->wrong_time += v->wrong_time;
	sum->other_kind += v->other_kind;
	sum->other_login += v->other_login;
	sum->naive_lines += v->naive_lines;
	sum->naive_wrong += v->naive_wrong;
}

static int
run_format(const struct options *o, const struct format *f, const char *dir,
    struct verdict *sum)
{
	struct truths truths = {0};
	struct verdict v;
	char name[4096];
	int result;

	snprintf(name, sizeof name, "%s/%s.log", dir, f->name);
	result = make_file(o, f, name, &truths);
	if (result == 0)
		result = judge_file(&o->judge, name, &truths, &v);
	if (o->keep == NULL)
		unlink(name);
	free(truths.at);
	if (result != 0)
		return -1;
	print_row(f->name, &v, f->caveat != NULL ? "not judged (1)" :
	    v.found + v.wrong_ip + v.wrong_kind == 0 && v.expected > 0 ?
	    "no rules" : "");
	if (f->caveat == NULL)
		add(sum, &v);
	return 0;
}

static int
run(const struct options *o, const char *dir)
{
	struct verdict sum = {0};
	unsigned formats = 0;
	bool bad;

	printf("%-29s %8s %8s %8s %8s %6s %6s %6s %6s %6s %7s\n", "", "lines",
	    "attacks", "found", "missed", "WRONG", "WRONG", "WRONG", "other",
	    "other", "control");
	printf("%-29s %8s %8s %8s %8s %6s %6s %6s %6s %6s %7s\n", "format", "",
	    "", "", "", "ip", "kind", "time", "kind", "login", "wrong");
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		for (const struct format *f = all[i]; f->name != NULL; f++) {
			if (o->only != NULL &&
			    strstr(f->name, o->only) == NULL)
				continue;
			if (run_format(o, f, dir, &sum) != 0)
				return EX_SOFTWARE;
			formats += f->caveat == NULL;
		}
	print_row("all", &sum, "");
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		for (const struct format *f = all[i]; f->name != NULL; f++)
			if (f->caveat != NULL)
				printf("(1) %s: %s\n", f->name, f->caveat);
	bad = sum.wrong_ip + sum.wrong_kind + sum.wrong_time > 0;
	if (o->only == NULL &&
	    sum.naive_wrong * 100 <= sum.naive_lines * CONTROL_PERCENT) {
		printf("the control is wrong in too few lines\n");
		bad = true;
	}
	printf("%u formats, %" PRIu64 " lines: accused wrongly %" PRIu64
	    ", wrong kind %" PRIu64 ", wrong time %" PRIu64 ", control wrong "
	    "in %u %%: %s\n", formats, sum.lines, sum.wrong_ip,
	    sum.wrong_kind, sum.wrong_time,
	    percent(sum.naive_wrong, sum.naive_lines), bad ? "FAILED" : "ok");
	return bad ? 1 : 0;
}

static _Noreturn void
usage(void)
{
	fprintf(stderr, "usage: hostile_lines [-n LINES] [-s SEED] "
	    "[-f FORMAT] [-k DIR] [-v SHOWN]\n"
	    "    [-c CONTROL_LINES] AGENT RULES_DIR\n");
	exit(EX_USAGE);
}

int
main(int argc, char **argv)
{
	struct options o = {.lines = 2000, .seed = 1,
		.judge = {.show = 5, .control_lines = 2000}};
	char dir[] = "/tmp/hostile.XXXXXX";
	int c, code;

	while ((c = getopt(argc, argv, "n:s:f:k:v:c:")) != -1) {
		switch (c) {
		case 'n': o.lines = strtoull(optarg, NULL, 10); break;
		case 's': o.seed = strtoull(optarg, NULL, 10); break;
		case 'f': o.only = optarg; break;
		case 'k': o.keep = optarg; break;
		case 'v': o.judge.show = (unsigned)atoi(optarg); break;
		case 'c':
			o.judge.control_lines = strtoull(optarg, NULL, 10);
			break;
		default: usage();
		}
	}
	if (argc - optind != 2 || o.lines == 0)
		usage();
	o.judge.agent = argv[optind];
	o.judge.rules = argv[optind + 1];
	if (o.keep != NULL)
		return run(&o, o.keep);
	if (mkdtemp(dir) == NULL) {
		perror(dir);
		return EX_CANTCREAT;
	}
	code = run(&o, dir);
	rmdir(dir);
	return code;
}
