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

/* One address, bare or in brackets. */
size_t client_read_address(
    struct text message, size_t from, size_t limit, struct addr *out);
size_t client_read_address_back(
    struct text message, size_t from, size_t to, struct addr *out);

/* 1 to 65535, nothing else. */
bool client_read_port(struct text digits, uint16_t *out);

#endif
