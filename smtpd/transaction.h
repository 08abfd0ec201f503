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

struct buf;
struct mime_parser;
struct smtpd_ask;
struct smtpd_copies;
struct smtpd_judged;
struct smtpd_message;
struct smtpd_review;
struct smtpd_rewrite;
struct smtpd_session;
struct smtpd_spool;
struct smtpd_verdict;
struct unbinary;

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
	bool rewrites;    /* there are tables by which addresses may be */
	struct smtpd_copies *copies; /* who else gets it, by a table */
	/* Recipients that lookup is asked about, in order. */
	TAILQ_HEAD(, smtpd_ask) asks;
	unsigned nasks;
	struct smtpd_judged *judged; /* what judges have said so far */
	/* The message, from DATA or BDAT on. */
	struct smtpd_message *message;
	struct smtpd_owner *owner;     /* NULL: whose it is does not matter */
	struct smtpd_spool *spool;     /* NULL: the message is refused */
	struct smtpd_review *review;   /* by filters, at its end; or NULL */
	struct smtpd_rewrite *rewrite; /* before that, or NULL */
	struct mime_parser *parser;    /* NULL: nobody needs its record */
	struct unbinary *unbinary;     /* NULL: it is not binary */
	struct buf *field;             /* of the header, that may be left out */
};

/* S's, from now on. */
struct smtpd_mail *smtpd_mail_new(struct smtpd_session *s);
/* Accepts a pointer to NULL. */
void smtpd_mail_free(struct smtpd_mail **mail);

/* One more recipient. */
void smtpd_mail_add(struct smtpd_mail *mail, const struct smtpd_ask *ask);
/* Judges have said V. */
void smtpd_mail_judged(struct smtpd_mail *mail, const struct smtpd_verdict *v);
/* Let go of the message, if there is one: it will not be accepted. */
void smtpd_mail_drop(struct smtpd_mail *mail);

#endif
