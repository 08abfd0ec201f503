/* SPDX-License-Identifier: ISC */
/*
 * A message on its way into the spool: from a client through smtpd (intake)
 * or made here (report).
 *
 * The head's length is known when the file is made, because size and checksum
 * have a fixed width: the message is written behind its place, and the head
 * itself once, at the commit.
 */
#ifndef QMGR_QUEUE_NEWFILE_H
#define QMGR_QUEUE_NEWFILE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "qmgr/queue/kept.h"
#include "queue/envelope.h"
#include "sys/durable.h"

struct direct;

struct newfile {
	char id[ENVELOPE_ID_BYTES];
	int fd; /* the message begins at head_bytes */
	struct arena arena;
	struct envelope env; /* in arena */
	size_t head_bytes;
	struct kept_bytes kept; /* goes with the message */
	/* What was decided about it: fields in front of it (in arena), whether
	 * it goes into Junk, or is held; as lines behind it; who rejects it. */
	struct slice front, lines, refused, why;
	bool junk, hold;
	struct durable_req sync;
	bool committing;       /* the client waits for his answer */
	bool lent;             /* there was a writer */
	struct direct *direct; /* delivered before it is saved; else NULL */
	void (*done)(struct newfile *nf, int error);
};

/* Call ACCEPTED for each message that has become durable and was not held,
 * before its done(): it makes the entry, and may take what the message is made
 * of (arena, env). */
void newfile_init(void (*accepted)(struct newfile *nf));

/* An id, and no file yet, for ENV (slices in *ARENA, which is taken). */
int newfile_reserve(struct newfile *nf, struct arena *arena,
    const struct envelope *env, struct err *err);
/* Make the file. */
int newfile_make(struct newfile *nf, struct err *err);
/* Both. */
int newfile_open(struct newfile *nf, struct arena *arena,
    const struct envelope *env, struct err *err);
/* A descriptor of its own for whoever writes the message: it can write and do
 * nothing else, and begins where the message does.  -1: ERR_TEMP. */
int newfile_writer(struct newfile *nf, struct err *err);
/* The same for whoever reads it. */
int newfile_reader(struct newfile *nf, struct err *err);
/* SIZE bytes with CRC32C were written: put the head before them.  -1: refused,
 * also when somebody can still write to the file. */
int newfile_whole(
    struct newfile *nf, int64_t size, uint32_t crc32c, struct err *err);
/* Decide about it, before it is committed or held; WHY: with hold. */
void newfile_judge(struct newfile *nf, struct slice front, bool junk, bool hold,
    struct slice why);
/*
 * Give a file that is whole its name, and make it durable.  -1: refused;
 * nothing stays (the caller still calls newfile_fini).  0: done() will run,
 * with 0 or an errno value; the message belongs to the queue then.
 */
int newfile_commit(struct newfile *nf,
    void (*done)(struct newfile *nf, int error), struct err *err);
/* Both where no file was made: BODY is the message. */
int newfile_commit_body(struct newfile *nf, struct slice body, uint32_t crc32c,
    void (*done)(struct newfile *nf, int error), struct err *err);
/*
 * Or first keep it from the spool: its recipients are delivered to while the
 * client waits (qmgr/run/direct.h).  Then either newfile_save writes it (BODY,
 * where there is no file yet), with LINES behind the message as they stand in a
 * file, and it goes on as a commit
 * that ends in DONE; or newfile_unhold says that nothing is to be written, and
 * the caller tells whom it concerns.  After a save that failed (-1) comes
 * newfile_unhold, too.
 */
void newfile_hold(struct newfile *nf, struct direct *direct, int64_t size,
    uint32_t crc32c, void (*done)(struct newfile *nf, int error));
int newfile_save(
    struct newfile *nf, struct slice body, struct slice lines, struct err *err);
void newfile_unhold(struct newfile *nf);
/* Close and free; removes the file if it was not committed. */
void newfile_fini(struct newfile *nf);
/* Commits under way; is ID one?  Its file has its name already. */
size_t newfile_count(void);
bool newfile_committing(const char *id);

#endif
