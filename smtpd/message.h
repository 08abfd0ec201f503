/* SPDX-License-Identifier: ISC */
/*
 * The message of a transaction, as DATA and BDAT share it: it goes from the
 * client's stream into the queue file as it comes.  The file is asked for when
 * the envelope is complete; "250" is said when qmgr has it on disk.  From where
 * it is known that a message is unacceptable nothing more is written.
 */
#ifndef SMTPD_MESSAGE_H
#define SMTPD_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtpd/dialog.h"
#include "smtpd/scan.h"

enum {
	SMTPD_PROGRESS_BYTES = 16384, /* what must come within data_timeout */
	SMTPD_PATIENCE = 2, /* so many times its limit is a message read */
};

struct smtpd_chunks;
struct smtpd_mail;

/* In the transaction's arena. */
struct smtpd_message {
	struct smtpd_scan scan;
	struct smtpd_mail *mail;
	struct smtpd_chunks *chunks; /* BDAT's; NULL with DATA */
	void (*opened)(struct smtpd_session *s);
	const char *refusal; /* the reply at the end; NULL: none so far */
	int64_t size_max;    /* message_size_limit when it began */
	int64_t stored_max;  /* the same of what is stored */
	int64_t read;        /* bytes from the client */
	int64_t head;        /* bytes before those */
	size_t progress;     /* bytes since the deadline was moved */
	enum smtpd_mode after_rest;
	bool fix; /* add what is missing in the header */
};

/* That of S's transaction, from now on. */
struct smtpd_message *smtpd_message_new(struct smtpd_session *s);
/* Ask qmgr for a place, of SIZE_SAID bytes (0: not known).  OPENED runs when
 * the Received field stands there, or the message is refused; until then nobody
 * takes the client's bytes. */
void smtpd_message_open(struct smtpd_session *s, int64_t size_said,
    void (*opened)(struct smtpd_session *s));
/* It will not be accepted: REPLY (static) is why, unless it has one. */
void smtpd_message_refuse(struct smtpd_message *m, const char *reply);
/* Refuse what the scan has found. */
void smtpd_message_judge(struct smtpd_message *m);
/* N more bytes came: moves the deadline, and ends who sends on and on. */
void smtpd_message_progress(struct smtpd_session *s, size_t n);
/* Nothing more comes for now: hold little.  It may wait for a file. */
void smtpd_message_rest(struct smtpd_session *s);
/* It has ended: refuse it, or have it committed, and reply. */
void smtpd_message_finish(struct smtpd_session *s);
void smtpd_message_log_refused(const struct smtpd_session *s);

#endif
