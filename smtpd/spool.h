/* SPDX-License-Identifier: ISC */
/*
 * A message on its way into the queue: opened at qmgr, held, or where it is not
 * small written to a file through an fd that qmgr gives, committed.  It is on
 * disk when commit says so, never before.
 *
 * It outlives its session where it must: let go of while qmgr opens it, it
 * is aborted when the answer comes; let go of while qmgr commits it, it stays
 * accepted.
 */
#ifndef SMTPD_SPOOL_H
#define SMTPD_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "queue/envelope.h"

struct smtpd_spool;
struct smtpd_view;

enum smtpd_spool_result {
	SMTPD_SPOOL_OK,
	SMTPD_SPOOL_FULL,   /* no room on disk */
	SMTPD_SPOOL_FAILED, /* anything else; the log has it */
};

/* Called once after open, rest (where it is true), view and commit, never from
 * inside them. */
typedef void smtpd_spool_fn(void *arg, enum smtpd_spool_result result);

/* Ask qmgr for a queue id for ENV, and for a file where SIZE_SAID (bytes; 0:
 * not known) is not small. */
struct smtpd_spool *smtpd_spool_open(const struct envelope *env,
    int64_t size_said, const char *sid, smtpd_spool_fn *fn, void *arg);
/* Its queue id, once open. */
const char *smtpd_spool_qid(const struct smtpd_spool *sp);
/* Add bytes of the message; a failed write shows at the commit. */
void smtpd_spool_put(struct smtpd_spool *sp, struct slice bytes);
/* No more bytes for now: hold as little as makes sense.  True: it asks for a
 * file, and takes no bytes until FN. */
bool smtpd_spool_rest(struct smtpd_spool *sp, smtpd_spool_fn *fn, void *arg);
/* All bytes were put: fill in *VIEW, which stands until the commit.  Up to
 * BODY_MAX bytes that are in memory are its body; else it has a file, which is
 * the caller's to close before the commit.  FN says whether that could be done.
 */
void smtpd_spool_view(struct smtpd_spool *sp, struct smtpd_view *view,
    size_t body_max, smtpd_spool_fn *fn, void *arg);

/* What goes along with a message. */
struct smtpd_spool_facts {
	bool bulk;           /* it can wait for other mail */
	bool junk, hold;     /* what its judges say */
	struct slice why;    /* it is held */
	struct slice front;  /* queue/front.h */
	struct slice record; /* its structure (mime/wire.h); may be empty */
};
/* Write the rest and have qmgr accept the message. */
void smtpd_spool_commit(struct smtpd_spool *sp,
    const struct smtpd_spool_facts *facts, smtpd_spool_fn *fn, void *arg);
/* Recipients who reject a message that was committed (queue/refusal.h). */
struct slice smtpd_spool_refused(const struct smtpd_spool *sp);
/* Let go of it, in any state; accepts a pointer to NULL. */
void smtpd_spool_free(struct smtpd_spool **sp);
/* Bytes of the file behind the envelope. */
int64_t smtpd_spool_size(const struct smtpd_spool *sp);
/* Messages that are being opened, written or committed. */
unsigned smtpd_spools(void);

#endif
