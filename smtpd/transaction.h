/* SPDX-License-Identifier: ISC */
/* A mail transaction: from MAIL to the reply to the message.  All it
 * allocates dies with it. */
#ifndef SMTPD_TRANSACTION_H
#define SMTPD_TRANSACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "queue/envelope.h"

struct mime_parser;
struct smtpd_ask;
struct smtpd_message;
struct smtpd_review;
struct smtpd_session;
struct smtpd_spool;

struct smtpd_mail {
	struct smtpd_session *session;
	struct arena arena;
	struct envelope env;
	size_t rcpts_room; /* of env.rcpts, which is on the heap */
	int64_t size_said; /* SIZE= of MAIL; 0: not said */
	uint64_t room_max; /* largest room of a recipient's mailbox */
	int64_t began_ms;
	bool lowered;     /* it was not to have the priority it asked for */
	bool for_mailbox; /* a recipient has, or may lead to, one of ours */
	/* Recipients that lookup is asked about, in order. */
	TAILQ_HEAD(, smtpd_ask) asks;
	unsigned nasks;
	/* The message, from DATA or BDAT on. */
	struct smtpd_message *message;
	struct smtpd_owner *owner;   /* NULL: whose it is does not matter */
	struct smtpd_spool *spool;   /* NULL: the message is refused */
	struct smtpd_review *review; /* by filters, at its end; or NULL */
	struct mime_parser *parser;  /* NULL: nobody needs its record */
	struct unbinary *unbinary;   /* NULL: it is not binary */
};

/* S's, from now on. */
struct smtpd_mail *smtpd_mail_new(struct smtpd_session *s);
/* Accepts a pointer to NULL. */
void smtpd_mail_free(struct smtpd_mail **mail);

/* Let go of the message, if there is one: it will not be accepted. */
void smtpd_mail_drop(struct smtpd_mail *mail);

#endif
