/* SPDX-License-Identifier: ISC */
/*
 * One client's session: from login's word until its socket is closed.
 *
 *   LOAD         the maildrop is being locked, and its list is read
 *   FILL         the client was told that it is logged in; the list is long,
 *                and commands wait until it is read
 *   COMMANDS     the client's turn (TRANSACTION of RFC 1939)
 *   ANSWER       a long answer is on its way; commands wait
 *   UPDATE       QUIT: messages are being removed
 *   LEAVE        the socket is closed or closing; flags are written
 */
#ifndef POP3D_SESSION_H
#define POP3D_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "base/quota.h"
#include "ev/loop.h"
#include "ev/stream.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "pop3d/answer.h"
#include "pop3d/drop.h"

enum pop3d_state {
	S_LOAD = 1 << 0,
	S_FILL = 1 << 1,
	S_COMMANDS = 1 << 2,
	S_ANSWER = 1 << 3,
	S_UPDATE = 1 << 4,
	S_LEAVE = 1 << 5,
};

struct pop3d_session {
	TAILQ_ENTRY(pop3d_session) link;
	enum pop3d_state state;
	struct stream stream; /* from FILL on */
	bool open;            /* the stream is */
	bool skip_line;       /* the rest of a line that was too long */
	bool seen_written;    /* LEAVE: flags are in the store */
	bool tls;
	struct ipc *login; /* up to LOAD */
	uint64_t login_id;
	int client;       /* up to LOAD; the stream's then */
	struct buf input; /* up to LOAD: what login had read already */
	struct ev_task task;
	struct ev_timer again; /* in LOAD: the account is not open yet */
	unsigned tries;
	struct pop3d_drop drop;
	struct pop3d_answer answer;
	unsigned errors; /* one behind the other */
	struct quota quota;
	char *account;
	char *home;
	char sid[32];
	char address[64];
	uint32_t port;
	int64_t since_ms;
	uint32_t nretr, ntop, ndele, nexpired;
	int64_t sent_octets;
};

/* pop3d_session: take a client over. */
void pop3d_session_on_new(struct ipc *peer, struct msg *m);
/* PEER is gone: what it handed in and is not yet taken ends. */
void pop3d_session_forget(struct ipc *peer);
/* All sessions shall end; what is under way is finished. */
void pop3d_session_stop(void);
/* End what is left, at once; nothing is removed from mailboxes. */
void pop3d_session_kill(void);
bool pop3d_session_busy(void);
/* PLACE: which part of the mail root STORE is. */
void pop3d_session_init(struct store *store, const char *place);

#endif
