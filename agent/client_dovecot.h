/*
 * The two forms in which Dovecot writes who its client is.  Both stand behind
 * the login, which may hold anything, so they are read from the right only.
 * Called by client.c.
 */
#ifndef PLAINTIFF_CLIENT_DOVECOT_H
#define PLAINTIFF_CLIENT_DOVECOT_H

#include <stddef.h>

#include "agent/template.h"
#include "proto/base/text.h"

/* Login processes: "rip=address[, lip=address][, TLS][, session=<id>]" to the
 * end of the message.  The last " rip=" is Dovecot's own; a login may hold
 * others.  Both return where the form begins, or FIELD_NOWHERE. */
size_t client_dovecot_back(
    struct text message, size_t from, size_t to, struct match *m);

/* Authentication: "address", "address," or "address,<session>". */
size_t client_dovecot_auth_back(
    struct text message, size_t from, size_t to, struct match *m);

#endif
