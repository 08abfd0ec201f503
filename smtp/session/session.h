/* SPDX-License-Identifier: ISC */
/* Sessions as jobs see them; what is in one is in dialog.h. */
#ifndef SMTP_SESSION_SESSION_H
#define SMTP_SESSION_SESSION_H

#include <stdbool.h>

struct smtp_job;
struct smtp_result;
struct smtp_session;
struct smtp_target;

/* What whoever has sessions opened is told; the next three are the last word
 * of a session on its job. */
struct smtp_session_owner {
	/* Of the job's connections that are on their way one is made. */
	void (*connected)(struct smtp_job *job);
	/* Every recipient of the transaction has a result or is open for the
	 * next host. */
	void (*served)(struct smtp_job *job);
	/* It failed as a whole; FINAL: no other host may be tried. */
	void (*failed)(
	    struct smtp_job *job, const struct smtp_result *why, bool final);
	/* T is to be tried once more, on a new connection. */
	void (*again)(
	    struct smtp_job *job, const struct smtp_target *t, bool plain);
	/* A session ends or is idle; called amid that, so it only notes it. */
	void (*room)(void);
};

/* Before the first session. */
void smtp_session_init(const struct smtp_session_owner *owner);
/* Is there room for one more?  The one that is longest idle makes it. */
bool smtp_session_have_room(void);
/* Connect to T for JOB.  PLAIN: without TLS.  False and WHY: it cannot even be
 * tried; else its end is told to the owner. */
bool smtp_session_open(struct smtp_job *job, const struct smtp_target *t,
    bool plain, struct smtp_result *why);
/* End one of JOB's connections that are on their way to be made, which was
 * going to T; false: there is none. */
bool smtp_session_abort_dial(struct smtp_job *job, struct smtp_target *t);
/* Is there an idle session to T? */
bool smtp_session_has_idle(const struct smtp_target *t);
/* Have it serve JOB. */
void smtp_session_reuse(struct smtp_job *job, const struct smtp_target *t);
/* Does it wait for the answer to a whole message? */
bool smtp_session_sent_all(const struct smtp_session *s);
/* The job is gone: close, whatever the stage. */
void smtp_session_abort(struct smtp_session *s);
/* End all that are idle. */
void smtp_session_flush(void);

#endif
