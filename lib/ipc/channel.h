/* SPDX-License-Identifier: ISC */
/* The inside of lib/ipc: one SEQPACKET socket that carries frames. */
#ifndef IPC_CHANNEL_H
#define IPC_CHANNEL_H

#include <stdbool.h>
#include <sys/queue.h>

#include "base/slice.h"
#include "ev/loop.h"

struct channel;
TAILQ_HEAD(channel_frames, channel_frame);

struct channel_handler {
	/* One frame; FD is -1 or the callee's.  False: it is malformed. */
	bool (*on_frame)(struct channel *c, struct slice frame, int fd);
	/* Gone: closed by the peer (why NULL) or for a reason.  The callee
	 * calls channel_close. */
	void (*on_gone)(struct channel *c, const char *why);
};

struct channel {
	struct ev_io io; /* fd -1: closed */
	const struct channel_handler *handler;
	struct channel_frames waiting;
	size_t waiting_bytes;
	unsigned nwaiting;
	struct ev_task flush;
	bool at_once; /* frames do not wait for the end of the turn */
	/* A frame whose fd found no room here is skipped and counted: the
	 * sender is believed, and closing would be worse. */
	bool lenient;
	unsigned crippled;
	bool broken; /* nobody is there to read; the end is still to be read */
	bool *gone;
};

void channel_init(struct channel *c, const struct channel_handler *handler);
/* Take FD and read from it. */
void channel_open(struct channel *c, int fd);
/* Close; frames that cannot be sent now are dropped.  May be opened again. */
void channel_close(struct channel *c);
/* In the child of a fork, whose loop never had it: close, and nothing else. */
void channel_abandon(struct channel *c);
bool channel_is_open(const struct channel *c);
/* Send a frame with FD (-1: none; stays the caller's), at the end of the turn
 * or later.  False when too much waits already, or it cannot be sent. */
bool channel_send(struct channel *c, struct slice frame, int fd);
/* The same without one, at the end of the turn though C is at_once. */
bool channel_post(struct channel *c, struct slice frame);
/* Nothing is being read: give back the memory that is for that. */
void channel_give_back(void);

#endif
