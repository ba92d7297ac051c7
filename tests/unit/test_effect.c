/* Protects the answer to "does reporting work?" from saying more than the
 * numbers do: over many simulated years the interval holds the true effect as
 * often as it promises. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/ctl/effect.h"

enum { YEARS = 2000, CONTACTS_MOST = 400 };

/* xorshift: the same years everywhere */
static double
chance(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (double)(*seed >> 11) / 9007199254740992.0;
}

/* Contacts differ: some stop much by themselves, some little. */
static void
a_year(uint64_t *seed, size_t n, double held, double base, double effect,
    struct effect_contact *out)
{
	for (size_t i = 0; i < n; i++) {
		double own = base + 0.3 * (chance(seed) - 0.5);
		double p;

		out[i] = (struct effect_contact){.control =
		        chance(seed) < held,
		    .cases = 1 + (int64_t)(40 * pow(chance(seed), 4))};
		p = own + (out[i].control ? 0 : effect);
		for (int64_t k = 0; k < out[i].cases; k++)
			out[i].stopped += chance(seed) < p;
	}
}

/* How many of the years' intervals hold the true effect, in percent. */
static double
held_in(size_t contacts, double held, double base, double effect)
{
	static struct effect_contact list[CONTACTS_MOST];
	uint64_t seed = 88172645463325252ULL;
	int known = 0, inside = 0;

	for (int year = 0; year < YEARS; year++) {
		struct effect e;

		a_year(&seed, contacts, held, base, effect, list);
		effect_estimate(list, contacts, &e);
		known += e.known;
		inside += e.known && e.low <= effect && effect <= e.high;
	}
	assert_true(known > YEARS * 9 / 10);
	return 100.0 * inside / known;
}

static void
keeps_its_promise(void **state)
{
	static const struct {
		size_t contacts;
		double held, base, effect;
	} worlds[] = {{400, 0.1, 0.4, 0.25}, {400, 0.5, 0.4, 0.25},
	    {400, 0.1, 0.4, 0}, {100, 0.2, 0.3, 0.2}, {60, 0.5, 0.5, 0.1},
	    {400, 0.1, 0.2, -0.05}};

	for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++) {
		double share = held_in(worlds[i].contacts, worlds[i].held,
		    worlds[i].base, worlds[i].effect);

		print_message("%zu contacts, %g held, effect %g: %.1f %%\n",
		    worlds[i].contacts, worlds[i].held, worlds[i].effect,
		    share);
		assert_true(share >= 92 && share <= 99.5);
	}
}

/* The control: as if addresses were drawn and not contacts, the promise is
 * broken. */
static void
addresses_of_a_contact_are_alike(void **state)
{
	struct effect_contact alike[20];
	struct effect e;

	/* whole contacts stop or do not */
	for (size_t i = 0; i < 20; i++)
		alike[i] = (struct effect_contact){.control = i % 2 == 0,
		    .cases = 100, .stopped = i % 4 < 2 ? 100 : 0};
	effect_estimate(alike, 20, &e);
	assert_true(e.known);
	assert_true(e.reported.effective < 15);
	assert_true(e.low < -0.3 && e.high > 0.3);
}

static void
says_when_it_cannot_know(void **state)
{
	struct effect_contact list[10] = {{0}};
	struct effect e;

	effect_estimate(list, 0, &e);
	assert_false(e.known);
	for (size_t i = 0; i < 10; i++)
		list[i] = (struct effect_contact){.cases = 3, .stopped = 1};
	effect_estimate(list, 10, &e);
	assert_false(e.known);
	assert_int_equal(e.reported.cases, 30);
	list[0].control = true;
	effect_estimate(list, 10, &e);
	assert_false(e.known);
	assert_int_equal(e.held.cases, 3);
	for (size_t i = 0; i < 5; i++)
		list[i].control = true;
	effect_estimate(list, 10, &e);
	assert_true(e.known);
	/* all or none: still an interval, and within bounds */
	for (size_t i = 0; i < 10; i++)
		list[i].stopped = list[i].control ? 0 : 3;
	effect_estimate(list, 10, &e);
	assert_true(e.known && e.low > -1 && e.low < 1 && e.high >= 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keeps_its_promise),
	    cmocka_unit_test(addresses_of_a_contact_are_alike),
	    cmocka_unit_test(says_when_it_cannot_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
