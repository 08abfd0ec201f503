/* SPDX-License-Identifier: ISC */
/* What ManageSieve says of the language (RFC 5804 1.7). */
#ifndef SIEVESTORE_ANNOUNCE_H
#define SIEVESTORE_ANNOUNCE_H

struct buf;
struct shared_conf;

/* The capability lines of what is the same for everybody: who this is, the
 * extensions that CONF leaves, ways of notification, redirects, and VERSION. */
void sievestore_announce(const struct shared_conf *conf, struct buf *out);

#endif
