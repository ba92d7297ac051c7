/*
 * Does reporting work?  Compares addresses that were reported with those of
 * a share that was drawn by chance and not reported, and says how far the
 * result may be off.  Pure numbers; called by stats.c.
 *
 * Contacts are drawn, not addresses, and the addresses of one contact are
 * alike: so the spread is measured between contacts, and the number of
 * addresses is taken to be only as large as that allows (Kish's effective
 * size).  The interval is Newcombe's of two Wilson intervals (Statistics in
 * Medicine 17, 1998, method 10), with Student's factor in place of 1.96 when
 * contacts are few.
 */
#ifndef PLAINTIFF_CTL_EFFECT_H
#define PLAINTIFF_CTL_EFFECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One contact: its addresses, and of how many the abuse had stopped. */
struct effect_contact {
	bool control;
	int64_t cases, stopped;
};

struct effect_arm {
	int64_t contacts, cases, stopped;
	double share;     /* stopped / cases */
	double effective; /* cases that count as independent */
	double low, high; /* of share, 95 % */
};

struct effect {
	struct effect_arm reported, held;
	bool known; /* there is a held share large enough to say anything */
	double difference, low, high; /* reported less held, 95 % */
};

/* The contacts in any order. */
void effect_estimate(const struct effect_contact *list, size_t n,
    struct effect *out);

#endif
