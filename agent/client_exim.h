/*
 * How Exim writes who its client is (host_and_ident in its host.c, and what
 * add_tls_info_for_log puts behind it).  Called by client.c.
 */
#ifndef PLAINTIFF_CLIENT_EXIM_H
#define PLAINTIFF_CLIENT_EXIM_H

#include <stddef.h>

#include "agent/template.h"
#include "proto/base/text.h"

/* "[name ][(helo) ][address][:port][ I=[local]:port][ Ci=number]", and from
 * the left also " X=cipher", " CV=yes", " SNI=name" behind it.  Where it ends
 * and where it begins, or FIELD_NOWHERE. */
size_t client_exim(
    struct text message, size_t from, size_t limit, struct match *m);
/* The last bracket but that of our own side is the client's, whatever a
 * client wrote to the left of it. */
size_t client_exim_back(
    struct text message, size_t from, size_t to, struct match *m);

#endif
