/* Protects: secret keys that others may read are not used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/curve.h"

static char folder[] = "/tmp/plaintiff-curve-XXXXXX", path[100];

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof path, "%s/key", folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

static void
key_is_made_once_and_read_back(void **state)
{
	struct curve_key a, b;
	const char *why = NULL;
	struct stat st;

	(void)state;
	assert_int_equal(curve_make(path, &a, &why), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(curve_read(path, &b, &why), 0);
	assert_string_equal(a.public_text, b.public_text);
	assert_string_equal(a.secret_text, b.secret_text);
	/* never over another */
	assert_int_equal(curve_make(path, &b, &why), -1);
}

static void
open_or_broken_files_are_refused(void **state)
{
	static const char *const contents[] = {"", "short\n",
	    "0123456789012345678901234567890123456789x\n",
	    "\"123456789012345678901234567890123456789\n"};
	struct curve_key key;
	const char *why = NULL;

	(void)state;
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(curve_read(path, &key, &why), -1);
	assert_non_null(strstr(why, "chmod 600"));
	assert_int_equal(chmod(path, 0600), 0);
	for (size_t i = 0; i < 4; i++) {
		FILE *f = fopen(path, "w");

		assert_non_null(f);
		(void)fputs(contents[i], f);
		(void)fclose(f);
		assert_int_equal(curve_read(path, &key, &why), -1);
		assert_non_null(strstr(why, "40 characters"));
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(curve_read(path, &key, &why), -1);
}

static void
texts_of_keys(void **state)
{
	struct curve_key key;
	unsigned char raw[32] = {1, 2, 3};
	char text[CURVE_TEXT_BYTES];

	(void)state;
	curve_make_fleeting(&key);
	assert_true(curve_is_public(key.public_text));
	curve_encode(text, raw);
	assert_true(curve_is_public(text));
	key.public_text[5] = '"'; /* not in Z85's alphabet */
	assert_false(curve_is_public(key.public_text));
	assert_false(curve_is_public(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(key_is_made_once_and_read_back),
	    cmocka_unit_test(open_or_broken_files_are_refused),
	    cmocka_unit_test(texts_of_keys),
	};

	return cmocka_run_group_tests_name("curve", tests, setup, teardown);
}
