/* SPDX-License-Identifier: ISC */
/*
 * A message for mailboxes here, or for hosts that take mail at once, is
 * delivered before it is in the spool.
 *
 * smtpd may say 250 when the message is on disk somewhere, or another host has
 * said 250 and with it has become responsible for it (RFC 5321 4.2.5, 6.1).  So
 * its round begins at once, with its bytes in memory, or, if it is large, in a
 * file in tmp/ that is nobody's yet and is not synced.  When all recipients
 * have it in their mailboxes, durably, or it is relayed, that is the answer,
 * and the spool never sees it: one sync for a message, or none, and no file
 * that is written to be removed.  Anything else (a host that is not known to
 * be quick (quick.h), an alias, a failure, a report that is due, a delivery
 * that takes its time) saves it: its file is written with what is known by
 * then, gets its name, and is made durable, the answer follows, and the round
 * goes on as any other.
 *
 * Until the answer nothing was promised: a crash leaves the client without one,
 * and he sends the message again.
 */
#ifndef QMGR_RUN_DIRECT_H
#define QMGR_RUN_DIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct message;
struct newfile;

/* START begins a round, END goes on when it has come to its end. */
void direct_init(
    void (*start)(struct message *m), void (*end)(struct message *m));
/* Nothing more begins so. */
void direct_stop(void);

/* A message was committed to the spool. */
void direct_spool_works(void);

/* Begin with the message of NF (in nf->kept, or its file is whole) in this way,
 * and call DONE with 0 or an errno value when the client is to have his answer;
 * false: it is to be committed first. */
bool direct_begin(struct newfile *nf, int64_t size, uint32_t crc32c,
    void (*done)(struct newfile *nf, int error));

/* M is to be in the spool; nothing where it is already, or is being put there.
 * Its file is there afterwards, unless there is no room for it. */
void direct_save(struct message *m);
/* What M waits for now is as quick as a delivery here. */
void direct_go_on(struct message *m);
/* Has M no file that lines could be written to? */
bool direct_is_unsaved(const struct message *m);

/* How many have begun so, and wait for their answer. */
size_t direct_count(void);

/* M's round has ended. */
enum direct_end {
	DIRECT_LEFT,    /* it may leave; direct_leave tells the client */
	DIRECT_WAITS,   /* it is being saved: END is called again */
	DIRECT_REFUSED, /* it could not be saved, and the client knows */
	DIRECT_SAVED,   /* it is a message like any other */
} direct_end(struct message *m);
void direct_leave(struct message *m);

#endif
