/* SPDX-License-Identifier: ISC */
/* Frames over the channel of a run, which waits for nothing else: -1 ends it.
 * What is said goes out when something is to be heard, or there is much. */
#ifndef SIEVERUN_SPEAK_H
#define SIEVERUN_SPEAK_H

#include "base/slice.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "ipc/sieve.h"

int speak_send(int fd, const struct msg *m);
#define SPEAK(fd, name, ...)                                                   \
	speak_send((fd), &(const struct msg){                                  \
			     .type = MSG_##name, .name = { __VA_ARGS__ } })
/* BYTES in pieces. */
int speak_pieces(int fd, enum sieve_piece_kind what, struct slice bytes);
int speak_flush(int fd);
/* The next message, of PEER; it stays until the next call.  0: the other side
 * has ended. */
int speak_hear(int fd, enum role peer, struct msg *m);

#endif
