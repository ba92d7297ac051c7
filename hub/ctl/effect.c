/* Does reporting work; see effect.h. */
#include "hub/ctl/effect.h"

#include <math.h>

/* Fewer contacts in an arm than this say nothing about others. */
enum { CONTACTS_LEAST = 5 };

/* The factor of a 95 % interval with so many degrees of freedom (Cornish and
 * Fisher's expansion of Student's quantile, good to 1 % from 4 on). */
static double
student(int64_t degrees)
{
	const double z = 1.959964, f = (double)degrees;

	return z + (z * z * z + z) / (4 * f) +
	    (5 * pow(z, 5) + 16 * pow(z, 3) + 3 * z) / (96 * f * f);
}

static void
add_up(const struct effect_contact *list, size_t n, bool control,
    struct effect_arm *arm)
{
	*arm = (struct effect_arm){0};
	for (size_t i = 0; i < n; i++) {
		if (list[i].control != control || list[i].cases == 0)
			continue;
		arm->contacts++;
		arm->cases += list[i].cases;
		arm->stopped += list[i].stopped;
	}
	if (arm->cases != 0)
		arm->share = (double)arm->stopped / (double)arm->cases;
}

/* As many independent cases as would spread as these contacts do. */
static double
effective_size(const struct effect_contact *list, size_t n, bool control,
    const struct effect_arm *arm)
{
	double sum = 0, variance, p = arm->share, g = (double)arm->contacts;

	for (size_t i = 0; i < n; i++) {
		double off = (double)list[i].stopped -
		    p * (double)list[i].cases;

		if (list[i].control == control)
			sum += off * off;
	}
	variance = g / (g - 1) * sum /
	    ((double)arm->cases * (double)arm->cases);
	/* all alike or none: nothing to measure it by but the contacts */
	if (p <= 0 || p >= 1)
		return g;
	if (variance <= 0)
		return (double)arm->cases;
	return fmin(p * (1 - p) / variance, (double)arm->cases);
}

static void
wilson(struct effect_arm *arm)
{
	double z = student(arm->contacts - 1), n = arm->effective,
	       p = arm->share;
	double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
	double half = z / (1 + z * z / n) *
	    sqrt(p * (1 - p) / n + z * z / (4 * n * n));

	arm->low = fmax(0, middle - half);
	arm->high = fmin(1, middle + half);
}

static bool
measure(const struct effect_contact *list, size_t n, bool control,
    struct effect_arm *arm)
{
	add_up(list, n, control, arm);
	if (arm->contacts < CONTACTS_LEAST)
		return false;
	arm->effective = fmax(1, effective_size(list, n, control, arm));
	wilson(arm);
	return true;
}

void
effect_estimate(const struct effect_contact *list, size_t n,
    struct effect *out)
{
	struct effect_arm *r = &out->reported, *h = &out->held;
	bool reported, held;

	*out = (struct effect){0};
	reported = measure(list, n, false, r);
	held = measure(list, n, true, h);
	out->known = reported && held;
	if (!out->known)
		return;
	out->difference = r->share - h->share;
	out->low = out->difference -
	    hypot(r->share - r->low, h->high - h->share);
	out->high = out->difference +
	    hypot(r->high - r->share, h->share - h->low);
}
