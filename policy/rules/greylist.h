/* SPDX-License-Identifier: ISC */
#ifndef POLICY_RULES_GREYLIST_H
#define POLICY_RULES_GREYLIST_H

#include <stdbool.h>

/* policy_conf is new: where the rule is asked, what it knows is in the
 * directory DIRFD, which is not kept (-1: in memory). */
void greylist_configure(int dirfd);
/* At its end only a message is looked at that DMARC looks at. */
unsigned greylist_stages(bool stranger);

#endif
