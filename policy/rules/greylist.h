/* SPDX-License-Identifier: ISC */
#ifndef POLICY_RULES_GREYLIST_H
#define POLICY_RULES_GREYLIST_H

/* policy_conf is new: where the rule is asked, what it knows is in the
 * directory DIRFD, which is not kept (-1: in memory). */
void greylist_configure(int dirfd);

#endif
