/* SPDX-License-Identifier: ISC */
/* Asking lookup what the table access says. */
#ifndef POLICY_ACCESS_H
#define POLICY_ACCESS_H

#include <stdbool.h>

#include "ipc/ipc.h"

struct policy_question;

struct policy_access {
	struct policy_question *question;
	void (*on_found)(struct policy_access *a);
	struct ipc_call call;
};

/* Ask what Q wants and does not know yet; ON_FOUND runs once for that, never
 * from inside.  False: there is nothing. */
bool policy_access_ask(struct policy_access *a, struct policy_question *q,
    void (*on_found)(struct policy_access *));
/* Forget what is open. */
void policy_access_fini(struct policy_access *a);

#endif
