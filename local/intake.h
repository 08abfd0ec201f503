/* SPDX-License-Identifier: ISC */
/*
 * Jobs come in from qmgr, and messages take turns (message.h): each recipient
 * is refused, forwarded, or delivered to.
 */
#ifndef LOCAL_INTAKE_H
#define LOCAL_INTAKE_H

struct ipc;
struct msg;
struct store;

/* job_start */
void local_intake_on_job(struct ipc *peer, struct msg *m);
/* Work in STORE. */
void local_intake_init(struct store *store);

#endif
