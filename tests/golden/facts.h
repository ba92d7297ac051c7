/*
 * Made-up facts of reports, the same for the golden mails, for the hostile
 * ones and for the benchmark: what they compose depends on compose alone.
 */
#ifndef PLAINTIFF_TESTS_FACTS_H
#define PLAINTIFF_TESTS_FACTS_H

#include "hub/report/compose.h"

/* When the mails are made: 2026-11-21T00:00:00Z. */
extern const int64_t facts_made_us;

struct addr facts_address(const char *s);
/* So many seconds before they are made; to "": our address is unknown. */
struct compose_event facts_event(int ago_s, enum kind kind, uint16_t port,
    const char *to, uint16_t our_port, const char *service,
    const char *login);
/* Of these events and no others. */
struct compose_source facts_source(const char *address,
    const struct compose_event *lines, size_t n);
/* About all of these sources, in English, consolidated. */
struct compose_facts facts_of(const struct compose_source *sources, size_t n);

#endif
