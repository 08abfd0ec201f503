/* SPDX-License-Identifier: ISC */
#ifndef POLICY_QUESTION_H
#define POLICY_QUESTION_H

#include <stdbool.h>

struct ipc;
struct msg_policy_ask;
struct msg_policy_failed;
struct policy_facts;
struct policy_question;

/* What PEER says into Q: facts, and at its end the message, or its file, which
 * is Q's then.  False: that cannot be, and PEER was dropped, Q with it. */
bool policy_question_read(
    struct ipc *peer, struct policy_question *q, struct msg_policy_ask *in);

/* What is known of a client that was refused; F borrows from IN. */
void policy_question_failed(
    const struct msg_policy_failed *in, struct policy_facts *f);

#endif
