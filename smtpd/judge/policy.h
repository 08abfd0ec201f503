/* SPDX-License-Identifier: ISC */
/* The daemon policy as a judge. */
#ifndef SMTPD_JUDGE_POLICY_H
#define SMTPD_JUDGE_POLICY_H

struct ipc;
struct msg;
struct smtpd_judge;
struct smtpd_session;

extern const struct smtpd_judge smtpd_judge_policy;

/* From the start on: at which stages it wants to be asked. */
void smtpd_policy_start(const char *service);
/* The message, and the end of a process of policy. */
void smtpd_policy_on_changed(struct ipc *peer, struct msg *m);
void smtpd_policy_on_gone(struct ipc *peer);

/* S got a reply of 5xx. */
void smtpd_policy_failed(const struct smtpd_session *s);

#endif
