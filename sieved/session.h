/* SPDX-License-Identifier: ISC */
/*
 * One client's session of ManageSieve: from login's word until its socket is
 * closed.  Commands are done where they are read, one after the other: the
 * process serves one account, so whoever brings a script that takes long to
 * compile waits for it alone.
 */
#ifndef SIEVED_SESSION_H
#define SIEVED_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "ev/loop.h"
#include "ev/stream.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "proto/managesieve_frame.h"
#include "sievestore/place.h"

struct sieved_session {
	TAILQ_ENTRY(sieved_session) link;
	struct stream stream;
	struct ev_task gone; /* frees it */
	struct sievestore store;
	int dirfd;       /* of the account, where it is not the process's own */
	const char *end; /* why it ends; NULL: it does not yet */
	bool closed;     /* the stream is */
	bool tls;
	bool back; /* the client goes back to login, not logged in any more */
	/* The command under way. */
	struct buf command;
	struct managesieve_frame frame;
	uint64_t skip; /* bytes of a literal that is too large, to be dropped */
	bool too_big;  /* it had one */
	unsigned errors; /* one behind the other */
	uint32_t commands;
	char *account;
	char sid[32];
	char address[64];
	int64_t since_ms;
};

/* sieved_session: take a client over. */
void sieved_session_on_new(struct ipc *peer, struct msg *m);
/* All sessions shall end. */
void sieved_session_stop(void);
/* End what is left, at once. */
void sieved_session_kill(void);
bool sieved_session_busy(void);
/* The process has the directory DIRFD, which is the part PLACE of the mail
 * root. */
void sieved_session_init(int dirfd, const char *place);

#endif
