/* What the probe's connect() has seen; see rdap_probe_connect.c. */
#ifndef PLAINTIFF_TESTS_RDAP_PROBE_H
#define PLAINTIFF_TESTS_RDAP_PROBE_H

#include <stddef.h>

enum { PROBE_CONNECTS_MOST = 256 };

extern char probe_connects[PROBE_CONNECTS_MOST][64];
extern size_t probe_connects_n;

#endif
