/* SPDX-License-Identifier: ISC */
#ifndef POLICY_QUESTION_H
#define POLICY_QUESTION_H

#include <stdbool.h>

struct ipc;
struct msg_policy_ask;
struct policy_question;

/* What PEER says into Q: facts, and at its end the message, or its file, which
 * is Q's then.  False: that cannot be, and PEER was dropped, Q with it. */
bool policy_question_read(
    struct ipc *peer, struct policy_question *q, struct msg_policy_ask *in);

#endif
