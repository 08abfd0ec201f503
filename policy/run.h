/* SPDX-License-Identifier: ISC */
/* The rules of a stage, asked one after the other. */
#ifndef POLICY_RUN_H
#define POLICY_RUN_H

struct ipc;
struct msg;
struct policy_session;

/* The messages (ipc/policy.h). */
void policy_run_on_ask(struct ipc *peer, struct msg *m);
void policy_run_on_end(struct ipc *peer, struct msg *m);
/* S and its questions are forgotten. */
void policy_run_end(struct policy_session *s);

#endif
