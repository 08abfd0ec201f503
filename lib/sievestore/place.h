/* SPDX-License-Identifier: ISC */
/*
 * Where an account's Sieve scripts are: the files sieve/NAME.sieve in its
 * directory, and the link .dovecot.sieve to the one that is active, as
 * Dovecot's Pigeonhole has them.  Everything is reached through the account's
 * descriptor, and over no link.
 */
#ifndef SIEVESTORE_PLACE_H
#define SIEVESTORE_PLACE_H

#include "base/err.h"

#define SIEVESTORE_DIR    "sieve"
#define SIEVESTORE_ACTIVE ".dovecot.sieve"

struct sievestore {
	int account; /* the account's directory, borrowed */
	int dir;     /* of its scripts; -1: there is none yet */
};

/* 0 also where the account has no scripts, and none can be made because sieve
 * is no directory. */
int sievestore_open(struct sievestore *s, int accountfd, struct err *err);
/* Also of one that is closed, or zeroed but for dir, which is -1. */
void sievestore_close(struct sievestore *s);

/* For a change: the directory is made if need be, and nobody else changes
 * anything until it is unlocked.  ERR_BUSY when somebody does, for longer than
 * a change takes.  Where the file system has no such locks there is none. */
int sievestore_lock(struct sievestore *s, struct err *err);
void sievestore_unlock(struct sievestore *s);

#endif
