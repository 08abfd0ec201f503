/* SPDX-License-Identifier: ISC */
/* Addresses that a script names for mail of its own: one mailbox, strictly. */
#ifndef SIEVE_ADDRESS_H
#define SIEVE_ADDRESS_H

#include <stdbool.h>

#include "base/slice.h"

struct arena;

/* TEXT is "local@domain" or "Name <local@domain>" (RFC 5322 3.4.1, blanks and
 * comments around each part allowed): *ADDRESS is its local@domain in canonical
 * form (proto/address.h), in A.  UTF8: other characters than those of ASCII may
 * stand in it. */
bool sieve_address_parse(
    struct arena *a, struct slice text, bool utf8, struct slice *address);
/* A field's name: 1*(33..126 but the colon). */
bool sieve_address_is_field_name(struct slice s);
/* What may stand in a field: no control characters but tabs and line ends. */
bool sieve_address_is_field_value(struct slice s);
/* Does a field called NAME have addresses? */
bool sieve_address_is_address_field(struct slice name);

#endif
