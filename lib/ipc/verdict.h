/* SPDX-License-Identifier: ISC */
#ifndef IPC_VERDICT_H
#define IPC_VERDICT_H

#include "base/slice.h"
#include "ipc/policy.h"

/* What a rule says of a question.  All zero: nothing.  Texts outlive the
 * question. */
struct policy_verdict {
	enum policy_action action;
	unsigned code;        /* of the reply; 0: the usual one of the action */
	const char *enhanced; /* RFC 3463, with the code */
	struct slice text;    /* for the client: printable ASCII */
	struct slice why;     /* for the log, in more detail */
};

#endif
