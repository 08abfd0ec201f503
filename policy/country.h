/* SPDX-License-Identifier: ISC */
/* Asking lookup in which country a client is, once in a session. */
#ifndef POLICY_COUNTRY_H
#define POLICY_COUNTRY_H

#include <stdbool.h>

#include "ipc/ipc.h"

struct policy_question;

struct policy_country {
	struct policy_question *question;
	void (*on_found)(struct policy_country *c);
	struct ipc_call call;
};

/* Is Q's country known, empty where lookup knows none?  If not it is wanted. */
bool policy_country_known(struct policy_question *q);
/* Ask what Q wants and does not know yet; ON_FOUND runs once for that, never
 * from inside.  False: there is nothing. */
bool policy_country_ask(struct policy_country *c, struct policy_question *q,
    void (*on_found)(struct policy_country *));
/* Forget what is open. */
void policy_country_fini(struct policy_country *c);

#endif
