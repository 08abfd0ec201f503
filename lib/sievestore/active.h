/* SPDX-License-Identifier: ISC */
/*
 * The active script of an account: the one that .dovecot.sieve is a link to.  A
 * file of that name, which users of Pigeonhole without ManageSieve write, is
 * the active script as well; it is called after itself until
 * sievestore_active_take has made a script of it.
 */
#ifndef SIEVESTORE_ACTIVE_H
#define SIEVESTORE_ACTIVE_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "sievestore/place.h"

struct buf;

/* Opened to be run. */
struct sievestore_active {
	char *name;
	int fd;        /* of its text, at the start */
	int64_t size;  /* bytes */
	uint64_t hash; /* of its text, sieve_emit_hash */
};

/* Open it.  ABSENT: none is active; or what is active cannot be had, because
 * the link leads elsewhere or nowhere, or it is larger than MAX bytes: ERR says
 * so, which is empty (ERR_NONE) otherwise.  Changes nothing. */
enum found sievestore_active_open(const struct sievestore *s, size_t max,
    struct sievestore_active *a, struct err *err);
/* Accepts one that was zeroed, or not opened. */
void sievestore_active_fini(struct sievestore_active *a);

/* Its name to NAME, whose maximum is SIEVESTORE_NAME_MAX at least; it may not
 * be there.  ABSENT as above. */
enum found sievestore_active_name(
    const struct sievestore *s, struct buf *name, struct err *err);

/* From now on NAME is the active one, or none when NAME is empty: on disk if 0.
 * ERR_NOT_FOUND: there is no such script.  What .dovecot.sieve was before stays
 * as a script if it was a file. */
int sievestore_active_set(
    struct sievestore *s, struct slice name, struct err *err);
/* The same when the store is locked already. */
int sievestore_active_set_locked(
    struct sievestore *s, struct slice name, struct err *err);
/* Is .dovecot.sieve a file?  Then it becomes the script dovecot.orig, and stays
 * active. */
int sievestore_active_take(struct sievestore *s, struct err *err);

#endif
