/* Reading the case of one contact; see case_reader.h. */
#include "tests/rows/case_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hub/conf.h"
#include "hub/report/compose.h"
#include "proto/base/arena.h"

static struct report_case
read_once(struct db *db, struct arena *a, const struct hub_conf *conf,
    int64_t contact, int64_t upto)
{
	struct report_cases out;
	struct report_case none = {
	    .facts = arena_alloc(a, sizeof *none.facts)};

	assert_int_equal(report_rows_cases(db, a, conf,
	                     (struct report_contacts){.at = &contact, .n = 1},
	                     upto, &out), DB_OK);
	return out.n == 0 ? none : out.at[0];
}

static void
same_sums(const struct compose_facts *a, const struct compose_facts *b)
{
	assert_int_equal(a->source_count, b->source_count);
	assert_int_equal(a->events, b->events);
	assert_int_equal(a->hosts, b->hosts);
	assert_int_equal(a->first_us, b->first_us);
	assert_int_equal(a->last_us, b->last_us);
	for (size_t i = 0; i < a->source_count; i++) {
		const struct compose_source *s = &a->sources[i];
		const struct compose_source *t = &b->sources[i];

		assert_true(addr_equal(&s->address, &t->address));
		assert_int_equal(s->events, t->events);
		assert_int_equal(s->hosts, t->hosts);
		assert_int_equal(s->first_us, t->first_us);
		assert_int_equal(s->last_us, t->last_us);
		assert_memory_equal(s->kinds, t->kinds, sizeof s->kinds);
		/* the last line is the latest event */
		assert_int_equal(s->lines[s->line_count - 1].time_us,
		    t->lines[t->line_count - 1].time_us);
	}
}

struct report_case
case_read(struct db *db, struct arena *a, struct hub_conf *conf,
    int64_t contact, int64_t upto)
{
	struct report_case c = read_once(db, a, conf, contact, upto);
	int64_t lines_max = conf->report_lines_max;

	/* so few that SQL has to sum up */
	conf->report_lines_max = 1;
	same_sums(c.facts,
	    read_once(db, a, conf, contact, upto).facts);
	conf->report_lines_max = lines_max;
	return c;
}
