/* SPDX-License-Identifier: ISC */
/*
 * pabal-seen.GUEST, which keeps what a guest has seen of a shared mailbox whose
 * guests have a \Seen of their own.  It is written at its end, a line for each
 * change:
 *
 *     pabal-seen 1 UIDVALIDITY
 *     +1:40,44
 *     -17
 *
 * What is not a line of this form, as after a power failure, says nothing.
 * GUEST is his address, with %XX for what no name of a file should have.
 */
#ifndef MAILDIR_SEENFILE_H
#define MAILDIR_SEENFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct buf;
struct uidset;

enum { SEENFILE_NAME_MAX = 250 };

/* The name of GUEST's file, SEENFILE_NAME_MAX + 1 bytes; false: too long. */
bool seenfile_name(struct slice guest, char *name);
/* Whose file NAME is, into GUEST; false: nobody's. */
bool seenfile_guest(struct slice name, struct buf *guest);

/* A file as it was read last. */
struct seenfile {
	uint64_t ino; /* 0: there is none */
	int64_t size;
	bool valid;       /* it is of the mailbox's UIDVALIDITY */
	bool torn;        /* its last line has no end */
	int64_t measured; /* its size when that was compared (seenfile_tidy) */
};
/* Has it changed since? */
bool seenfile_changed(int dirfd, const char *name, const struct seenfile *f);
/* Add what it says to SEEN, which is empty; one of another UIDVALIDITY says
 * nothing. */
int seenfile_load(int dirfd, const char *name, uint32_t uidvalidity,
    struct seenfile *f, struct uidset *seen, struct err *err);
/* Write it anew where it is much larger than it need be to say SEEN, which it
 * says, as F.  It does not matter if that fails.  One process at a time. */
void seenfile_tidy(int dirfd, const char *name, uint32_t uidvalidity,
    struct seenfile *f, const struct uidset *seen);
/* LINES at its end; F is as of the last reading, and will be again.  One
 * process at a time. */
int seenfile_add(int dirfd, const char *name, uint32_t uidvalidity,
    struct seenfile *f, struct slice lines, struct err *err);
/* VISIT each of the files in the directory DIRFD. */
int seenfile_each(int dirfd,
    void (*visit)(void *arg, int dirfd, const char *name, struct slice guest),
    void *arg, struct err *err);

/* The format, for tests: *VALID, *TORN as in struct seenfile. */
void seenfile_parse(struct slice text, uint32_t uidvalidity, bool *valid,
    bool *torn, struct uidset *seen);

#endif
