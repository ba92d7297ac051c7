/*
 * Addresses as daemons write them, and the three forms of {client}: name,
 * address and port of the peer together.
 */
#ifndef PLAINTIFF_CLIENT_H
#define PLAINTIFF_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/template.h"
#include "proto/base/text.h"

/* All return where the thing ends (or begins, for _back), FIELD_NOWHERE when
 * it is not there; limits as in field.h. */
size_t client_read(enum client_form form, struct text message, size_t from,
    size_t limit, struct match *m);
size_t client_read_back(enum client_form form, struct text message, size_t from,
    size_t to, struct match *m);

/* "A, relay=CLIENT, reject=CODE A" from one end to the other: sendmail's
 * arguments, which a client wrote, on both sides of it.  False when they do
 * not say the same, or when there is more than one way to read it. */
bool client_read_twice(enum client_form form, struct text message, size_t from,
    size_t to, struct match *m);

/* Can this form be read from the left? */
bool client_reads_forward(enum client_form form);

/* One address, bare or in brackets. */
size_t client_read_address(
    struct text message, size_t from, size_t limit, struct addr *out);
size_t client_read_address_back(
    struct text message, size_t from, size_t to, struct addr *out);

/* 1 to 65535, nothing else. */
bool client_read_port(struct text digits, uint16_t *out);

#endif
