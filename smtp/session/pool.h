/* SPDX-License-Identifier: ISC */
/* Sessions: those that wait for more mail to the same host, and how many there
 * may be at all. */
#ifndef SMTP_SESSION_POOL_H
#define SMTP_SESSION_POOL_H

#include <stdbool.h>

struct smtp_job;
struct smtp_session;
struct smtp_target;

void smtp_pool_init(void);
/* An idle session to T is there. */
bool smtp_pool_has(const struct smtp_target *t);
/* Take it out, or NULL. */
struct smtp_session *smtp_pool_take(const struct smtp_target *t);
/* S waits for more; it is SMTP_IDLE. */
void smtp_pool_put(struct smtp_session *s);
/* S waits no more (it ended). */
void smtp_pool_del(struct smtp_session *s);
/* End all that wait. */
void smtp_pool_flush(void);

/* May JOB open a session?  If not it is told later (smtp_job_admitted). */
bool smtp_pool_admit(struct smtp_job *job);
void smtp_pool_forget(struct smtp_job *job);
void smtp_pool_opened(void);
void smtp_pool_closed(void);

#endif
