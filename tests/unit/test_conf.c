/* Protects: a settings file means what it says, or is refused by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/arena.h"
#include "proto/base/conf.h"
#include "proto/base/conf_parse.h"

#define ROWS                                                               \
	CONF(one, text, TEXT, "fallback", 0, 0, "", "A text.")             \
	CONF(one, path, PATH, "/x", 0, 0, "", "A path.")                   \
	CONF(one, flag, FLAG, "yes", 0, 0, "", "A flag.")                  \
	CONF(one, count, COUNT, "3", 1, 9, "things", "A count.")           \
	CONF(two, wait, SECONDS, "5m", 0, 86400, "", "A time.")            \
	CONF(two, size, BYTES, "64K", 0, 1073741824, "", "A size.")        \
	CONF(two, name, TEXTS, "a b", 0, 0, "", "Names.")                  \
	CONF(two, net, PREFIXES, "special", 0, 0, "", "Networks.")

struct sample {
#define CONF CONF_FIELD
	ROWS
#undef CONF
};

#define CONF_STRUCT struct sample
static const struct conf_row rows[] = {
#define CONF CONF_ROW
    ROWS
#undef CONF
};
static const struct conf_table table = {.program = "sample",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0]};

/* Loads text as a file; what was logged is in complaint. */
static int
load(struct arena *a, const char *text, struct sample *out, char *complaint,
    size_t cap)
{
	char path[] = "/tmp/plaintiff-conf-XXXXXX";
	char said[] = "/tmp/plaintiff-said-XXXXXX";
	int fd = mkstemp(path), log = mkstemp(said), saved = dup(2), result;
	ssize_t n;

	assert_true(fd >= 0 && log >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_true(dup2(log, 2) == 2);
	result = conf_load(&table, path, a, out);
	assert_true(dup2(saved, 2) == 2);
	n = pread(log, complaint, cap - 1, 0);
	complaint[n < 0 ? 0 : n] = '\0';
	(void)close(fd);
	(void)close(log);
	(void)close(saved);
	(void)unlink(path);
	(void)unlink(said);
	return result;
}

static void
defaults_and_values(void **state)
{
	struct arena *a = arena_open(0);
	char said[2000];
	struct sample c;

	(void)state;
	assert_int_equal(conf_load(&table, NULL, a, &c), 0);
	assert_string_equal(c.one_text, "fallback");
	assert_true(c.one_flag);
	assert_int_equal(c.two_wait, 300);
	assert_int_equal(c.two_size, 65536);
	assert_int_equal(c.two_name.n, 2);
	assert_null(prefixes_missing_special(&c.two_net));
	assert_int_equal(load(a, "# comment\r\n[one]\ntext = a # b\r\n"
	    "  path=/y z\nflag = no\ncount = 9\n[two]\nwait = 2h\n"
	    "size = 1G\nname = x y\nname = z\nnet = none\n"
	    "net = 192.0.2.0/24\n", &c, said, sizeof said), 0);
	assert_string_equal(said, "");
	assert_string_equal(c.one_text, "a");
	assert_string_equal(c.one_path, "/y z");
	assert_false(c.one_flag);
	assert_int_equal(c.one_count, 9);
	assert_int_equal(c.two_wait, 7200);
	assert_int_equal(c.two_size, 1073741824);
	assert_int_equal(c.two_name.n, 2);
	assert_string_equal(c.two_name.at[0], "x y");
	assert_int_equal(c.two_net.n, 1);
	arena_close(a);
}

static void
a_value_may_begin_like_a_comment(void **state)
{
	struct arena *a = arena_open(0);
	char said[2000];
	struct sample c;

	(void)state;
	assert_int_equal(load(a, "[one]\ntext = #key+of=Z85\n", &c, said,
	    sizeof said), 0);
	assert_string_equal(c.one_text, "#key+of=Z85");
	assert_int_equal(load(a, "[one]\ntext = a=#b #c\n", &c, said,
	    sizeof said), 0);
	assert_string_equal(c.one_text, "a=#b");
	assert_int_equal(load(a, "[one]\ntext = # nothing\n", &c, said,
	    sizeof said), 0);
	assert_string_equal(c.one_text, "");
	assert_int_equal(load(a, "[one]\ntext = a= #b\n", &c, said,
	    sizeof said), 0);
	assert_string_equal(c.one_text, "a=");
	arena_close(a);
}

static void
errors_name_line_and_nearest(void **state)
{
	static const struct {
		const char *text, *said;
	} all[] = {
	    {"[one]\ntxt = 1\n", ":2: unknown setting \"txt\"; did you mean "
	        "\"text\"?"},
	    {"\n\n[onne]\n", ":3: unknown section \"onne\"; did you mean "
	        "\"one\"?"},
	    {"[one]\ncount = 10\n", ":2: count = 10: out of range, 1 to 9"},
	    {"[one]\ncount = 5x\n", "not a whole number"},
	    {"[one]\ncount = 99999999999999999999\n", "not a whole number"},
	    {"[one]\nflag = true\n", "must be yes or no"},
	    {"[one]\npath = x\n", "a path must begin with /"},
	    {"[two]\nwait = 5w\n", "not a time"},
	    {"[two]\nsize = 9999999999G\n", "not a size"},
	    {"[two]\nnet = 192.0.2.1/24\n", "bits set behind"},
	    {"[one]\ntext = a\ntext = b\n", ":3: set twice"},
	    {"text = a\n", "before the first [section]"},
	    {"[one]\ntext\n", "expected: key = value"},
	    {"[one\n", "a section is written [name]"},
	    {"[one]\ntext = \xff\n", "not UTF-8"},
	};
	struct arena *a = arena_open(0);
	char said[2000];
	struct sample c;

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		assert_int_equal(load(a, all[i].text, &c, said, sizeof said),
		    -1);
		assert_non_null(strstr(said, all[i].said));
	}
	/* all errors of a file, not only the first */
	assert_int_equal(load(a, "[one]\nx = 1\ny = 2\n", &c, said,
	    sizeof said), -1);
	assert_non_null(strstr(said, "\"x\""));
	assert_non_null(strstr(said, "\"y\""));
	assert_int_equal(conf_load(&table, "/nowhere/at/all", a, &c), -1);
	arena_close(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults_and_values),
	    cmocka_unit_test(a_value_may_begin_like_a_comment),
	    cmocka_unit_test(errors_name_line_and_nearest),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
