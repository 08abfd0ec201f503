/* SPDX-License-Identifier: ISC */
/* Messages as frames, and what is known of each type of them (msg.h). */
#ifndef IPC_FRAME_H
#define IPC_FRAME_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"
#include "ipc/msg.h"

const char *msg_name(enum msg_type type);
bool msg_is_reply(enum msg_type type);
/* May ROLE send / receive TYPE? */
bool msg_may_send(enum role role, enum msg_type type);
bool msg_may_receive(enum role role, enum msg_type type);

/* Append the frame for M; *FD is the fd that goes with it, or -1.  False when
 * it would be larger than a frame may be. */
bool msg_put(const struct msg *m, struct buf *frame, int *fd);
/* Read FRAME into M, which takes FD.  False when it is too short, too long, of
 * an unknown type, has a bool or code that is none, or lacks its fd or has one
 * too many; FD is left alone. */
bool msg_get(struct slice frame, int fd, struct msg *m);
/* Where M keeps its fd; NULL when its type has none. */
int *msg_fd(struct msg *m);

#endif
