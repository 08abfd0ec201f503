/* SPDX-License-Identifier: ISC */
/*
 * bad/: files that could not be understood.  pabal never removes one of its
 * own accord.  Beside bad/NAME stands bad/NAME.why, lines of `name value`
 * (values escaped as in an envelope): why, kind, time (ms), and told (ms) when
 * the postmaster knows.  It is written as well as can be: what is missing is
 * found out anew.
 */
#ifndef QMGR_QUEUE_BAD_H
#define QMGR_QUEUE_BAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum bad_kind {
	BAD_DAMAGED, /* somebody may miss it: the postmaster is told */
	/* Cut off before its first sync had ended: its client has no 250. */
	BAD_UNACKNOWLEDGED,
	BAD_NOTICE, /* a notice about bad/ itself */
};

/* What can be read of one; slices in the arena given. */
struct bad_file {
	enum bad_kind kind;
	int64_t time_ms; /* when it was set aside; 0: not known */
	bool told;
	struct slice why;
	int64_t file_bytes;
	struct slice id;     /* from its envelope; may be empty */
	int64_t arrived_us;  /* 0: not known */
	struct slice sender; /* escaped, as are the recipients */
	struct slice *rcpts;
	size_t nrcpts;
};

/* Open bad/ beneath ROOT and count what is there. */
int bad_init(int root, struct err *err);
/* Call FN after each file that the postmaster is to be told of. */
void bad_on_damaged(void (*fn)(void));
/* Files in it. */
uint64_t bad_count(void);
/* Move the file NAME of DIRFD here.  AT_START: it stood in new/ when this
 * process began. */
void bad_put(int dirfd, const char *name, bool at_start, const char *why);

/* The names after AFTER, in order, at most MOST of them, in ARENA. */
size_t bad_names(struct slice after, size_t most, struct slice *names,
    struct arena *arena, bool *more);
/* What is known of NAME; ERR_PERM: there is none. */
int bad_read(struct slice name, struct arena *arena, struct bad_file *f,
    struct err *err);
const char *bad_kind_name(enum bad_kind kind);
/* The postmaster has been told of NAME. */
void bad_told(struct slice name);
/* Open NAME for reading; the fd or -1. */
int bad_open(struct slice name, struct err *err);
/* Move NAME to DIRFD as ID, and back if it is still not understood. */
int bad_take(struct slice name, int dirfd, const char *id, struct err *err);
int bad_give_back(
    struct slice name, int dirfd, const char *id, struct err *err);
/* NAME has left: forget why it was here. */
void bad_forget(struct slice name);
int bad_delete(struct slice name, struct err *err);

#endif
