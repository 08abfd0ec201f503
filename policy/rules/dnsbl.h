/* SPDX-License-Identifier: ISC */
/* What the lists of hosts have said of a session. */
#ifndef POLICY_RULES_DNSBL_H
#define POLICY_RULES_DNSBL_H

#include <stdbool.h>

struct policy_session;

/* Those that know good hosts weigh more.  False also where none was asked. */
bool dnsbl_says_good(const struct policy_session *s);

#endif
