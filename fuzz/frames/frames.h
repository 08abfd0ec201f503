/* SPDX-License-Identifier: ISC */
/* What fuzz/frames/daemon.c and master.c share: the input as frames, channels
 * to the daemon that hears them, the mutator. */
#ifndef FUZZ_FRAMES_H
#define FUZZ_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "ev/loop.h"
#include "ipc/msg.h"

/* Somebody the daemon talks to: our end of the channel. */
struct peer {
	struct ev_io io; /* fd -1: none now */
	enum role role;
	uint64_t id; /* of its last request */
};

/* ---- from daemon.c or master.c ---- */

extern enum role frames_self; /* who hears */
/* By whom ROLE says TYPE; NULL: nobody is there. */
struct peer *frames_speaker(enum role role, enum msg_type type);
/* All was said: let it be heard. */
void frames_heard(void);

/* ---- from frames.c ---- */

/* A new pair of sockets: P has one end, the other is the caller's. */
int frames_pair(
    struct peer *p, enum role role, void (*on_ready)(struct ev_io *, unsigned));
void frames_part(struct peer *p);
/* False: it is not there any more. */
bool frames_tell(int fd, const struct msg *m);
#define TELL(fd, name, ...)                                                    \
	frames_tell((fd), &(const struct msg){                                 \
			      .type = MSG_##name, .name = { __VA_ARGS__ } })
/* What came on FD, which must be well-formed and the daemon's to say; MSG_none
 * for nothing.  False: it was shut. */
bool frames_hear(int fd, struct msg *m, int *with);
/* Run the loop for some turns. */
void frames_run(unsigned turns);

#endif
