/* SPDX-License-Identifier: ISC */
/* A mail transaction: from MAIL to the reply to the final dot.  All it
 * allocates dies with it. */
#ifndef SMTPD_MAIL_H
#define SMTPD_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/slice.h"
#include "queue/envelope.h"

struct smtpd_ask;
struct smtpd_data;
struct smtpd_session;

struct smtpd_mail {
	struct smtpd_session *session;
	struct arena arena;
	struct envelope env;
	size_t rcpts_room; /* of env.rcpts, which is on the heap */
	int64_t size_said; /* SIZE= of MAIL; 0: not said */
	uint64_t room_max; /* largest room of a recipient's mailbox */
	int64_t began_ms;
	bool for_mailbox; /* a recipient has, or may lead to, one of ours */
	/* Recipients that lookup is asked about, in order. */
	TAILQ_HEAD(, smtpd_ask) asks;
	unsigned nasks;
	struct smtpd_data *data; /* the message, from DATA on */
};

/* MAIL: ARGS stand behind the verb. */
void smtpd_mail_command(struct smtpd_session *s, struct slice args);
/* Accepts a pointer to NULL. */
void smtpd_mail_free(struct smtpd_mail **mail);

#endif
