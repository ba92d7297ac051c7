/* Protects: each line of a log is given once and in order, whatever mix of
 * writing, rotating in five ways, reading, committing and dying comes.  A
 * generator drives a source as a writer, logrotate and the agent do; a list of
 * what was written says what must come.  Sources that forget show that the
 * list sees it. */
#include "tests/unit/source_fixture.h"

#include <zlib.h>

enum {
	SCHEDULES = 1000,
	OPS = 40,
	LINES_MOST = OPS * 3,
	KEEP = 30,
	STEP_US = 1000000, /* between two operations */
};

enum kind { RENAME, COPYTRUNCATE, COMPRESS, DELAYCOMPRESS, DATEEXT, KINDS };

enum defect {
	NO_DEFECT,
	PLACE_IS_LOST,    /* of a life that had read */
	NOTHING_IS_KNOWN, /* of one that had not */
	DEFECTS
};

struct model {
	struct fixture *x;
	enum kind kind;
	enum defect defect;
	uint64_t random;
	int64_t now_us;
	int number;    /* of the last line that was begun */
	bool is_begun; /* its LF is not there yet */
	int rotations;
	int next;      /* the line that is to come next */
	int committed; /* the same, as of the last commit */
	const char *wrong;
};

static unsigned
draw(struct model *m, unsigned n)
{
	/* Knuth's generator */
	m->random = m->random * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (unsigned)(m->random >> 33) % n;
}

/* The file was written to now, by the clock of the model. */
static void
touch(const struct model *m, const char *path)
{
	const struct timespec t = {.tv_sec = m->now_us / CLOCK_SECOND_US};
	const struct timespec both[2] = {t, t};

	assert_int_equal(utimensat(AT_FDCWD, path, both, 0), 0);
}

static bool
exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* ---- the writer ---- */

/* A line without LF ends with its file.  Where it is all of a file that is
 * compressed, nothing tells that the agent has seen it: not tried. */
static void
write_lines(struct model *m)
{
	bool in_pieces = m->kind == RENAME || m->kind == DATEEXT;
	char text[40];

	for (unsigned n = draw(m, 3) + 1; n > 0; n--) {
		bool is_rest = m->is_begun;

		m->number += !is_rest;
		m->is_begun = !is_rest && in_pieces && draw(m, 8) == 0;
		(void)snprintf(text, sizeof text, "%03d%s", m->number,
		    m->is_begun ? "" : "\n");
		append(m->x->log, is_rest ? "\n" : text);
	}
	touch(m, m->x->log);
}

/* ---- logrotate ---- */

static void
pack(const char *path)
{
	char to[140], bytes[LINES_MOST * 16];
	struct stat st;
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, bytes, sizeof bytes);
	gzFile gz;

	assert_true(n >= 0 && n < (ssize_t)sizeof bytes);
	assert_int_equal(fstat(fd, &st), 0);
	(void)close(fd);
	(void)snprintf(to, sizeof to, "%s.gz", path);
	gz = gzopen(to, "wb");
	assert_int_equal(gzwrite(gz, bytes, (unsigned)n), n);
	assert_int_equal(gzclose(gz), Z_OK);
	assert_int_equal(utimensat(AT_FDCWD, to,
	    (const struct timespec[2]){st.st_atim, st.st_mtim}, 0), 0);
	assert_int_equal(unlink(path), 0);
}

static void
shift(const struct model *m)
{
	char from[140], to[140];

	for (int i = KEEP; i > 0; i--)
		for (int packed = 0; packed < 2; packed++) {
			(void)snprintf(from, sizeof from, "%s.%d%s", m->x->log,
			    i, packed ? ".gz" : "");
			(void)snprintf(to, sizeof to, "%s.%d%s", m->x->log,
			    i + 1, packed ? ".gz" : "");
			(void)rename(from, to);
		}
}

static void
copy(const char *from, const char *to)
{
	char bytes[LINES_MOST * 16];
	int fd = open(from, O_RDONLY);
	ssize_t n = read(fd, bytes, sizeof bytes - 1);

	assert_true(n >= 0 && n < (ssize_t)sizeof bytes - 1);
	bytes[n] = '\0';
	(void)close(fd);
	append(to, bytes);
}

static void
turn_over(struct model *m)
{
	char first[140], second[140];

	if (!exists(m->x->log))
		return;
	m->rotations++;
	(void)snprintf(first, sizeof first, "%s.1", m->x->log);
	if (m->kind == DATEEXT)
		(void)snprintf(first, sizeof first, "%s-202611%02d", m->x->log,
		    m->rotations);
	else
		shift(m);
	if (m->kind == COPYTRUNCATE) {
		copy(m->x->log, first);
		touch(m, first);
		assert_int_equal(truncate(m->x->log, 0), 0);
		touch(m, m->x->log);
		return;
	}
	assert_int_equal(rename(m->x->log, first), 0);
	/* a line that was begun never ends: what there is of it is one */
	m->is_begun = false;
	if (m->kind == COMPRESS)
		pack(first);
	(void)snprintf(second, sizeof second, "%s.2", m->x->log);
	if (m->kind == DELAYCOMPRESS && exists(second))
		pack(second);
	/* "create", or whoever writes next does it */
	if (draw(m, 2) == 0) {
		append(m->x->log, "");
		touch(m, m->x->log);
	}
}

/* ---- the agent ---- */

static void
take(struct model *m, struct text line)
{
	char want[40];

	(void)snprintf(want, sizeof want, "%03d", m->next);
	if (!text_is(line, want))
		m->wrong = "another line than the next";
	m->next++;
}

static void
keep(struct model *m)
{
	commit(m->x);
	m->committed = m->next;
}

static void
read_some(struct model *m, unsigned most)
{
	struct text line;

	for (int waits = 0; waits < 3 && most > 0;) {
		switch (source_next(m->x->s, &line)) {
		case SOURCE_LINE:
			take(m, line);
			most--;
			break;
		case SOURCE_COMMIT:
			keep(m);
			break;
		case SOURCE_WAIT:
			waits++;
			break;
		case SOURCE_END:
			fail();
		}
	}
	if (source_losses(m->x->s) != 0)
		m->wrong = "a loss was declared";
}

static void
die_and_begin(struct model *m)
{
	if (m->defect == PLACE_IS_LOST && m->x->place.offset != 0)
		m->x->has_place = false;
	if (m->defect == NOTHING_IS_KNOWN && m->x->place.offset == 0)
		m->x->has_place = false;
	m->next = m->committed;
	restart(m->x, true);
}

static void
step(struct model *m)
{
	m->now_us += STEP_US;
	clock_set(m->now_us);
	switch (draw(m, 8)) {
	case 0:
	case 1:
	case 2:
		write_lines(m);
		break;
	case 3:
		turn_over(m);
		break;
	case 4:
		read_some(m, draw(m, 4));
		break;
	case 5:
		read_some(m, UINT32_MAX);
		break;
	case 6:
		keep(m);
		break;
	case 7:
		die_and_begin(m);
		break;
	}
}

/* What was there before the agent came is not its to read. */
static void
begin(struct model *m)
{
	if (draw(m, 3) == 0) {
		append(m->x->log, draw(m, 2) == 0 ? "" : "before\n");
		touch(m, m->x->log);
	}
	m->now_us += STEP_US;
	clock_set(m->now_us);
	restart(m->x, true);
	read_some(m, 1);
	keep(m);
}

static void
one_schedule(void **state, enum kind kind, enum defect defect, uint64_t seed,
    const char **wrong)
{
	struct model m = {.kind = kind, .defect = defect, .random = seed,
	    .next = 1, .committed = 1};

	assert_int_equal(setup(state), 0);
	m.x = *state;
	m.now_us = clock_wall_us();
	begin(&m);
	for (int i = 0; i < OPS; i++)
		step(&m);
	/* the last word */
	m.now_us += STEP_US;
	clock_set(m.now_us);
	append(m.x->log, m.is_begun ? "\n" : "");
	touch(&m, m.x->log);
	for (int i = 0; i < 2; i++) {
		die_and_begin(&m);
		read_some(&m, UINT32_MAX);
		keep(&m);
	}
	if (m.wrong == NULL && m.next != m.number + 1)
		m.wrong = "the last lines did not come";
	*wrong = m.wrong;
	assert_int_equal(teardown(state), 0);
}

static int
wrong_schedules(void **state, enum defect defect, int schedules)
{
	static const char *const names[KINDS] = {
	    "rename", "copytruncate", "compress", "delaycompress", "dateext"};
	int count = 0;

	for (int i = 0; i < schedules; i++) {
		const char *wrong;

		one_schedule(state, (enum kind)(i % KINDS), defect,
		    (uint64_t)i * 7919 + 1, &wrong);
		if (wrong != NULL && defect == NO_DEFECT)
			printf("%s, schedule %d: %s\n", names[i % KINDS], i,
			    wrong);
		count += wrong != NULL;
	}
	return count;
}

static void
each_line_once(void **state)
{
	assert_int_equal(wrong_schedules(state, NO_DEFECT, SCHEDULES), 0);
}

static void
defects_are_seen(void **state)
{
	for (int d = NO_DEFECT + 1; d < DEFECTS; d++)
		assert_true(wrong_schedules(state, (enum defect)d, 200) > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_line_once),
	    cmocka_unit_test(defects_are_seen),
	};

	return cmocka_run_group_tests_name("source_model", tests, quiet, NULL);
}
