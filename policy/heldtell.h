/* SPDX-License-Identifier: ISC */
/* Who is told that a login is held (policy/held.h): the log, by qmgr the
 * administrator, and by what he asks, pabal hold. */
#ifndef POLICY_HELDTELL_H
#define POLICY_HELDTELL_H

#include "base/slice.h"

struct ipc;
struct msg;
struct policy_held;

/* From the start on: what DIRFD knows (policy_held_open). */
void policy_heldtell_start(int dirfd);

/* LOGIN is held from now on, by the limit WHY. / H goes on sending. */
void policy_heldtell_hold(
    struct slice login, struct slice why, struct slice client);
void policy_heldtell_again(struct policy_held *h, struct slice client);

void policy_heldtell_on_list(struct ipc *peer, struct msg *m);
void policy_heldtell_on_release(struct ipc *peer, struct msg *m);

#endif
