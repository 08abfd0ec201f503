/* SPDX-License-Identifier: ISC */
/* Sessions as jobs and the pool see them; what is in one is in dialog.h. */
#ifndef SMTP_SESSION_SESSION_H
#define SMTP_SESSION_SESSION_H

#include <stdbool.h>

struct smtp_job;
struct smtp_session;
struct smtp_target;

/* Connect to T for JOB.  PLAIN: without TLS.  Its end is told to the job,
 * possibly at once. */
void smtp_session_open(
    struct smtp_job *job, const struct smtp_target *t, bool plain);
/* Have an idle session serve JOB. */
void smtp_session_reuse(struct smtp_session *s, struct smtp_job *job);
/* Does it wait for the answer to a whole message? */
bool smtp_session_sent_all(const struct smtp_session *s);
/* The job is gone: close, whatever the stage. */
void smtp_session_abort(struct smtp_session *s);
/* QUIT, or close if that makes no sense.  The session serves no job. */
void smtp_session_quit(struct smtp_session *s);

#endif
