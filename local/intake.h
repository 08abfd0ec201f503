/* SPDX-License-Identifier: ISC */
/* Jobs come in from qmgr: each recipient is refused, forwarded, or delivered
 * to. */
#ifndef LOCAL_INTAKE_H
#define LOCAL_INTAKE_H

struct ipc;
struct msg;

/* job_start */
void local_intake_on_job(struct ipc *peer, struct msg *m);
void local_intake_init(void);

#endif
