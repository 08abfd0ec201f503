/* SPDX-License-Identifier: ISC */
/*
 * A message on its way into the spool: from a client through smtpd (intake)
 * or made here (report).
 *
 * The head's length is known when the file is made, because size and checksum
 * have a fixed width: the message is written behind its place, and the head
 * itself once, at the commit.
 */
#ifndef QMGR_NEWFILE_H
#define QMGR_NEWFILE_H

#include "base/arena.h"
#include "base/err.h"
#include "queue/envelope.h"
#include "sys/durable.h"

struct newfile {
	char id[ENVELOPE_ID_BYTES];
	int fd; /* write only, positioned where the message begins */
	struct arena arena;
	struct envelope env; /* in arena */
	size_t head_bytes;
	struct durable_req sync;
	bool committing;
	void (*done)(struct newfile *nf, int error);
};

/* Make the file for ENV (slices in *ARENA, which is taken). */
int newfile_open(struct newfile *nf, struct arena *arena,
    const struct envelope *env, struct err *err);
/*
 * SIZE bytes with CRC32C were written: put the head before them, give the file
 * its name, make it durable.  -1: refused, nothing stays (the caller still
 * calls newfile_fini).  0: done() will run, with 0 or an errno value; the
 * message is then scheduled and belongs to the queue.
 */
int newfile_commit(struct newfile *nf, int64_t size, uint32_t crc32c,
    void (*done)(struct newfile *nf, int error), struct err *err);
/* Close and free; removes the file if it was not committed. */
void newfile_fini(struct newfile *nf);
/* Commits under way. */
size_t newfile_count(void);

#endif
