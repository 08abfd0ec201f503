/* SPDX-License-Identifier: ISC */
/* What a child was given, and has to do. */
#ifndef SIEVERUN_TASK_H
#define SIEVERUN_TASK_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "ipc/role.h"
#include "ipc/sieve.h"
#include "sieve/env.h"

struct msg;

/* What has happened in IMAP (RFC 6785). */
struct task_event {
	bool is; /* else it is a delivery */
	struct slice scripts, cause, mailbox, from, flags, changed, user;
};

struct task {
	int fd;
	enum role peer; /* who has asked for it */
	struct arena arena;
	struct buf pieces[SIEVE_PIECES];
	struct slice message;
	struct slice mapped; /* where that is a file's */
	struct sieve_env env;
	struct slice script; /* the active one, whose text has */
	uint64_t hash;
	struct slice qid, client, client_name, helo, host;
	struct task_event event;
	bool junk; /* its judges have said so */
	bool traced;
	struct buf trace;
	bool more; /* it was said that another may follow */
};

#endif
