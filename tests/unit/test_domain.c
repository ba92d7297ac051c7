/* Protects the cap of a domain: names below one registrable domain count as
 * that domain, and neighbours below a public suffix do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/report/domain.h"
#include "proto/base/arena.h"

static void
registrable(void **state)
{
	static const char *const cases[][2] = {
	    {"abuse@isp.example", "isp.example"},
	    {"abuse@a.b.c.isp.example", "isp.example"},
	    {"abuse@noc.isp.co.uk", "isp.co.uk"},
	    {"abuse@isp.co.uk", "isp.co.uk"},
	    {"abuse@xn--bcher-kva.de", "xn--bcher-kva.de"},
	    {"abuse@mail.xn--bcher-kva.de", "xn--bcher-kva.de"},
	    /* a suffix itself, and what is no name */
	    {"abuse@co.uk", "co.uk"},
	    {"abuse@localhost", "localhost"},
	    {"abuse@", ""},
	    {"abuse", "abuse"},
	    {"a@b@sub.isp.example", "isp.example"},
	};
	struct arena *a = arena_open(0);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(domain_of(cases[i][0], a), cases[i][1]);
	arena_close(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(registrable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
