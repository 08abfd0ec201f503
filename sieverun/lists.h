/* SPDX-License-Identifier: ISC */
/*
 * Lists of the administrator's that scripts ask (RFC 6134): NAME.list in
 * sieve_directory has one value a line, and DOMAIN/NAME.list is in its place
 * for the accounts of DOMAIN.  Scripts name it by a URI that ends in ":NAME",
 * or by NAME alone.
 */
#ifndef SIEVERUN_LISTS_H
#define SIEVERUN_LISTS_H

#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

struct buf;

/* The lines of TEXT are the list NAME ("friends", "example.org/friends"). */
void lists_add(struct slice name, struct slice text);
/* Is VALUE (whose case does not matter) in the list for DOMAIN that URI names?
 * VALUE.p == NULL: is there one? */
enum found lists_find(
    struct slice uri, struct slice domain, struct slice value);
/* The values of the list for DOMAIN that URI names, a line each, in the order
 * of its file.  ABSENT: there is none. */
enum found lists_read(struct slice uri, struct slice domain, struct buf *out);

#endif
