/* SPDX-License-Identifier: ISC */
/*
 * Talking to other daemons.
 *
 * A channel is a SOCK_SEQPACKET pair that master made; its other end has a
 * role that master told.  A frame that is malformed, not its to send or not
 * ours to receive, drops it, is logged with both names, and reaches no handler.
 *
 * A link is a channel this daemon asked for (ipc_link).  It lives as long as
 * the process: when the other side ends, its open calls fail and the next use
 * asks master for a new connection.
 */
#ifndef IPC_IPC_H
#define IPC_IPC_H

#include <stdbool.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "ev/loop.h"
#include "ipc/msg.h"

struct ipc;

typedef void (*ipc_handler)(struct ipc *peer, struct msg *m);

/* What a daemon does with messages; one table for all its channels. */
struct ipc_table {
	ipc_handler on[MSG_COUNT];
	void (*on_open)(struct ipc *peer); /* may be NULL; also on a link */
	void (*on_gone)(struct ipc *peer); /* may be NULL; after calls failed */
};

/* A request under way; embedded in what waits for it. */
struct ipc_call {
	struct ipc *peer;
	uint64_t id; /* 0: none under way */
	enum msg_type reply;
	void (*on_reply)(struct ipc_call *call, struct msg *m);
	struct ev_timer deadline;
	TAILQ_ENTRY(ipc_call) link;
};

/* The channel to master. */
struct ipc *ipc_master(void);

/*
 * The link to process INDEX of ROLE; UID says whose process where there is one
 * set for each uid (otherwise 0).
 */
struct ipc *ipc_link(enum role role, unsigned index, uid_t uid);
/* How many processes of ROLE there are (of one uid), at least 1; are there? */
unsigned ipc_count(enum role role);
bool ipc_has(enum role role);

/* Send M, which PEER may receive (fds in it stay the caller's).  False: not
 * sent, the peer is gone or too far behind; nothing else happens. */
bool ipc_send(struct ipc *peer, const struct msg *m);
#define IPC_SEND(peer, name, ...)                                              \
	ipc_send((peer), &(const struct msg){                                  \
			     .type = MSG_##name, .name = { __VA_ARGS__ } })
/* The same for what may wait for the end of the turn, and be lost with this
 * process, though PEER is master, who gets everything else at once.  M has no
 * fd. */
bool ipc_post(struct ipc *peer, const struct msg *m);
#define IPC_POST(peer, name, ...)                                              \
	ipc_post((peer), &(const struct msg){                                  \
			     .type = MSG_##name, .name = { __VA_ARGS__ } })

/*
 * Send M with a fresh id and wait for the REPLY.  on_reply runs exactly once,
 * never from inside ipc_call: with the reply, or with NULL when the peer went
 * away or TIMEOUT_MS (0: none) passed; that is a temporary failure.
 */
void ipc_call(struct ipc *peer, struct msg *m, struct ipc_call *call,
    enum msg_type reply, void (*on_reply)(struct ipc_call *, struct msg *),
    int64_t timeout_ms);
#define IPC_CALL(peer, call, reply_name, fn, timeout_ms, name, ...)            \
	ipc_call((peer),                                                       \
	    &(struct msg){ .type = MSG_##name, .name = { __VA_ARGS__ } },      \
	    (call), MSG_##reply_name, (fn), (timeout_ms))
/* Forget CALL: on_reply will not run.  Nothing happens when none is open. */
void ipc_cancel(struct ipc_call *call);
static inline bool
ipc_calling(const struct ipc_call *call)
{
	return call->id != 0;
}

/* Close a channel (on_gone runs).  A link stays usable. */
void ipc_drop(struct ipc *peer, const char *why);

/* Was something not sent because the process at the other end has ended?  What
 * it said before, and its end, may still be to be read. */
bool ipc_is_broken(const struct ipc *peer);
enum role ipc_role(const struct ipc *peer);
unsigned ipc_index(const struct ipc *peer);
uid_t ipc_uid(const struct ipc *peer);
/* A pointer of the daemon's own for each channel. */
void ipc_set_data(struct ipc *peer, void *data);
void *ipc_data(const struct ipc *peer);
/* Channels that others opened to us and that are open now. */
unsigned ipc_peers(void);

#endif
