/* The subcommand scan; see scan.h. */
#include "agent/scan.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/detect.h"
#include "agent/journal.h"
#include "agent/line.h"
#include "agent/rules.h"
#include "agent/scan_explain.h"
#include "agent/scan_json.h"
#include "agent/scan_order.h"
#include "agent/scan_read.h"
#include "agent/scan_shapes.h"
#include "agent/scan_table.h"
#include "proto/base/arena.h"
#include "proto/base/clock.h"

enum {
	OUT_BYTES = 64 * 1024,    /* written at once */
	PROGRESS_MS = 200,
};

struct scan {
	bool json, all, explain, unmatched;
	const char *zone;
	int64_t now_us; /* INT64_MIN: the file's time */
	struct rules *rules;
	struct arena *arena;
	struct buf out;
	struct scan_table *table;
	struct scan_shapes *shapes;
	uint64_t lines, events, unparsable;
	bool show_progress;
	int64_t progress_ms;
};

static const char usage[] =
    "usage: plaintiff-agent scan [--json] [--all] [--explain | --unmatched]\n"
    "                            [--zone ZONE] [--now RFC3339]\n"
    "                            [--rules DIR] [FILE|-]...\n"
    "\n"
    "Prints what would be detected in these logs, and sends nothing.\n"
    "\n"
    "  --json       one JSON object for each event\n"
    "  --all        also failures of our own login back end\n"
    "  --explain    for each line the rule, or the nearest and where it "
    "stops\n"
    "  --unmatched  shapes of messages that name an address and that no\n"
    "               rule knows, counted\n"
    "  --zone ZONE  of stamps without one, such as Europe/Berlin\n"
    "               (default: the machine's)\n"
    "  --now TIME   no stamp is later than this, for the year of stamps\n"
    "               without one (default: the file's modification time)\n"
    "  --rules DIR  rules from this folder only\n";

/* 0, or an exit code when nobody reads our output any more. */
static int
flush(struct scan *s, size_t at_least)
{
	if (s->out.n < at_least || s->out.n == 0)
		return 0;
	if (fwrite(s->out.data, 1, s->out.n, stdout) != s->out.n ||
	    fflush(stdout) != 0) {
		fprintf(stderr, "plaintiff-agent: standard output: %s\n",
		    strerror(errno));
		return EX_IOERR;
	}
	buf_reset(&s->out);
	return 0;
}

static void
show_progress(struct scan *s, const char *path, const struct scan_file *f)
{
	int64_t now_ms = clock_mono_ms(), done, all;

	if (now_ms - s->progress_ms < PROGRESS_MS)
		return;
	s->progress_ms = now_ms;
	scan_file_progress(f, &done, &all);
	if (all > 0)
		fprintf(stderr, "\r%s: %d %%, %" PRIu64 " events\033[K", path,
		    (int)(done * 100 / all), s->events);
	else
		fprintf(stderr,
		    "\r%s: %" PRId64 " MB, %" PRIu64 " events\033[K", path,
		    done / 1000000, s->events);
}

static void
count_shape(struct scan *s, uint64_t number, struct text line)
{
	struct line parsed;

	if (line_parse(line, &parsed) || journal_parse(s->arena, line, &parsed))
		scan_shapes_add(
		    s->shapes, parsed.program, parsed.message, number);
}

static int
show_event(struct scan *s, uint64_t number, enum detect_result result,
    const struct event *e)
{
	if (result != DETECT_EVENT || (kind_is_inner(e->kind) && !s->all))
		return 0;
	s->events++;
	if (!s->json) {
		scan_table_add(s->table, e);
		return 0;
	}
	scan_json_add(&s->out, number, e);
	return flush(s, OUT_BYTES);
}

/* One line that is an event, or that is to be explained. */
static int
show_line(struct scan *s, const struct detect *d, uint64_t number,
    struct text line, enum detect_result result, const struct event *e)
{
	if (s->explain) {
		scan_explain(&s->out, s->rules, s->arena, number, line,
		    result, e);
		return flush(s, OUT_BYTES);
	}
	if (s->unmatched) {
		if (result == DETECT_IGNORED && detect_rule(d) == NULL)
			count_shape(s, number, line);
		return 0;
	}
	return show_event(s, number, result, e);
}

static int
scan_line(struct scan *s, struct detect *d, uint64_t number, struct text line)
{
	struct event e;
	enum detect_result result = detect_line(d, line, s->arena, &e);
	int code;

	if (result == DETECT_IGNORED && !s->explain && !s->unmatched)
		return 0;
	s->unparsable += result == DETECT_UNPARSABLE;
	code = show_line(s, d, number, line, result, &e);
	arena_reset(s->arena);
	return code;
}

/* Each line is to be shown, or may be. */
static int
scan_one_by_one(struct scan *s, struct detect *d, struct text lines,
    uint64_t *number)
{
	const char *at = lines.at, *end = at + lines.n, *lf;
	int code = 0;

	for (; at < end && code == 0; at = lf + 1) {
		lf = memchr(at, '\n', (size_t)(end - at));
		if (lf == NULL)
			lf = end;
		code = scan_line(s, d, ++*number,
		    (struct text){.at = at, .n = (size_t)(lf - at)});
	}
	return code;
}

static int
scan_lines(struct scan *s, struct detect *d, const struct scan_lines *lines,
    uint64_t *number)
{
	struct detect_lines l;
	enum detect_result result;
	struct event e;
	int code = 0;

	detect_begin(&l, lines->text);
	l.next_read = lines->next;
	while (code == 0) {
		result = detect_lines(d, &l, s->arena, &e, number);
		if (result == DETECT_IGNORED)
			break;
		s->unparsable += result == DETECT_UNPARSABLE;
		code = show_event(s, ++*number, result, &e);
	}
	/* the last line of a file may have no LF */
	if (code == 0 && l.left.n > 0)
		code = scan_line(s, d, ++*number, l.left);
	return code;
}

static int
scan_some(struct scan *s, struct detect *d, const struct scan_lines *lines,
    uint64_t *number)
{
	if (lines->is_one)
		return scan_line(s, d, ++*number, lines->text);
	if (s->explain || s->unmatched)
		return scan_one_by_one(s, d, lines->text, number);
	return scan_lines(s, d, lines, number);
}

static int
scan_file(struct scan *s, const char *path, struct scan_file *f,
    struct detect *d)
{
	struct scan_lines lines;
	const char *why;
	uint64_t number = 0;
	int code = 0, got = 0;

	while (code == 0 && (got = scan_file_next(f, &lines, &why)) > 0) {
		code = scan_some(s, d, &lines, &number);
		if (s->show_progress)
			show_progress(s, path, f);
	}
	s->lines += number;
	if (s->show_progress)
		fputs("\r\033[K", stderr);
	if (code == 0 && got < 0) {
		fprintf(stderr, "plaintiff-agent: %s: line %" PRIu64 ": %s\n",
		    path, number + 1, why);
		return EX_IOERR;
	}
	return code;
}

static int
scan_path(struct scan *s, const char *path)
{
	struct detect_options o = {
	    .rules = s->rules, .zone = s->zone, .site = "", .brief = true,
	    .outer_only = !s->all && !s->explain && !s->unmatched};
	const char *why;
	struct scan_file *f = scan_file_open(path, &why);
	struct detect *d = NULL;
	int64_t now_us = s->now_us;
	int code = EX_USAGE;

	if (f == NULL) {
		fprintf(stderr, "plaintiff-agent: %s: %s\n", path, why);
		return EX_NOINPUT;
	}
	d = detect_open(&o, &why);
	if (d == NULL) {
		fprintf(
		    stderr, "plaintiff-agent: --zone %s: %s\n", s->zone, why);
		goto end;
	}
	if (now_us == INT64_MIN)
		now_us = scan_file_time_us(f);
	if (now_us == INT64_MIN)
		now_us = clock_wall_us();
	detect_set_now(d, now_us);
	scan_order(f, d);
	code = scan_file(s, path, f, d);
end:
	detect_close(d);
	scan_file_close(f);
	return code;
}

/* Fills *s from the options; an exit code, or -1 to go on. */
static int
read_options(struct scan *s, int argc, char **argv, const char **rules)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'},
	    {"all", no_argument, NULL, 'a'},
	    {"explain", no_argument, NULL, 'e'},
	    {"unmatched", no_argument, NULL, 'u'},
	    {"zone", required_argument, NULL, 'z'},
	    {"now", required_argument, NULL, 'n'},
	    {"rules", required_argument, NULL, 'r'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			s->json = true;
			break;
		case 'a':
			s->all = true;
			break;
		case 'e':
			s->explain = true;
			break;
		case 'u':
			s->unmatched = true;
			break;
		case 'z':
			s->zone = optarg;
			break;
		case 'n':
			if (clock_parse(optarg, strlen(optarg), &s->now_us) ==
			    strlen(optarg))
				break;
			fprintf(stderr,
			    "plaintiff-agent: --now %s: not a time "
			    "such as 2026-11-21T20:42:32Z\n",
			    optarg);
			return EX_USAGE;
		case 'r':
			*rules = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return EX_USAGE;
		}
	}
	if (s->explain && (s->json || s->unmatched)) {
		fprintf(stderr,
		    "plaintiff-agent: --explain and --%s exclude each other\n",
		    s->json ? "json" : "unmatched");
		return EX_USAGE;
	}
	if (optind == argc && isatty(STDIN_FILENO)) {
		fputs(usage, stderr);
		return EX_USAGE;
	}
	return -1;
}

static void
print_summary(struct scan *s)
{
	if (s->json || s->explain || s->unmatched)
		return;
	scan_table_print(s->table, stdout);
	printf("%s%" PRIu64 " events in %" PRIu64 " lines; %" PRIu64
	       " lines without a header that we know\n",
	    s->events > 0 ? "\n" : "", s->events, s->lines, s->unparsable);
}

static int
scan_all(struct scan *s, int count, char **paths)
{
	static char standard_input[] = "-";
	char *none[] = {standard_input};
	int code = 0;

	if (count == 0) {
		count = 1;
		paths = none;
	}
	for (int i = 0; i < count; i++) {
		int now = scan_path(s, paths[i]);

		/* what can be read is read, the code tells of the rest */
		if (now != 0)
			code = now;
		if (now == EX_USAGE || (now != 0 && ferror(stdout)))
			return code;
	}
	if (s->unmatched)
		scan_shapes_print(s->shapes, s->json, &s->out);
	if (flush(s, 0) != 0)
		return EX_IOERR;
	print_summary(s);
	if (fflush(stdout) != 0)
		return EX_IOERR;
	return code;
}

int
scan_main(int argc, char **argv)
{
	struct scan s = {.zone = "", .now_us = INT64_MIN};
	const char *folder = NULL;
	struct buf errors = {0};
	int code = read_options(&s, argc, argv, &folder);

	if (code >= 0)
		return code;
	s.rules = rules_open(folder, &errors);
	if (s.rules == NULL) {
		fputs(errors.data, stderr);
		buf_free(&errors);
		return EX_CONFIG;
	}
	s.arena = arena_open(0);
	s.table = scan_table_open();
	s.shapes = s.unmatched ? scan_shapes_open() : NULL;
	s.show_progress = isatty(STDERR_FILENO);
	code = scan_all(&s, argc - optind, argv + optind);
	scan_table_close(s.table);
	scan_shapes_close(s.shapes);
	arena_close(s.arena);
	rules_close(s.rules);
	buf_free(&s.out);
	buf_free(&errors);
	return code;
}
