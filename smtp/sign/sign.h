/* SPDX-License-Identifier: ISC */
/*
 * The signature of a message on its way out (RFC 6376), over the bytes that the
 * host at hand gets: after every conversion, so none can break it.  Signed is
 * what this host vouches for: mail of those who have logged in, of its users,
 * of its trusted networks and of its own, whose From is of one domain that has
 * keys.
 *
 * A message is signed once for all hosts that get it as it is, as far as they
 * are served by one process, at once or soon after each other.
 */
#ifndef SMTP_SIGN_SIGN_H
#define SMTP_SIGN_SIGN_H

#include <stdbool.h>

#include "base/err.h"

struct ipc;
struct msg;
struct smtp_job;

enum smtp_sign_result {
	SMTP_SIGN_DONE, /* job->front has it; empty: it is not signed */
	SMTP_SIGN_MORE, /* another step, in another turn of the loop */
	SMTP_SIGN_WAIT, /* the owner is told when to go on */
	SMTP_SIGN_FAILED,
};

/* READY: JOB, which waited, is to be stepped on. */
void smtp_sign_init(void (*ready)(struct smtp_job *job));
/* keys_changed */
void smtp_sign_on_changed(struct ipc *peer, struct msg *m);

/* JOB's message goes to a host; CONVERTS: by the plan of its conversion. */
void smtp_sign_begin(struct smtp_job *job, bool converts);
/* FAILED: it cannot be signed now, and must not go out without (ERR_TEMP). */
enum smtp_sign_result smtp_sign_step(struct smtp_job *job, struct err *err);
void smtp_sign_free(struct smtp_job *job);

#endif
