/*
 * How sendmail writes who its client is (CurHostName and anynet_ntoa in its
 * daemon.c and conf.c).  Called by client.c.
 */
#ifndef PLAINTIFF_CLIENT_SENDMAIL_H
#define PLAINTIFF_CLIENT_SENDMAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/template.h"
#include "proto/base/text.h"

/* "[name ][address][ (may be forged)]".  Where it ends and where it begins,
 * or FIELD_NOWHERE. */
size_t client_sendmail(
    struct text message, size_t from, size_t limit, struct match *m);
size_t client_sendmail_back(
    struct text message, size_t from, size_t to, struct match *m);

/* "A, relay=CLIENT, reject=CODE A", all of it, see client_read_twice. */
bool client_sendmail_twice(
    struct text message, size_t from, size_t to, struct match *m);

#endif
