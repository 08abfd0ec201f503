/* SPDX-License-Identifier: ISC */
/* What a child was given, and has to do. */
#ifndef SIEVERUN_TASK_H
#define SIEVERUN_TASK_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "ipc/sieve.h"
#include "sieve/env.h"

struct msg;

struct task {
	int fd;
	struct arena arena;
	struct buf pieces[SIEVE_PIECES];
	struct slice message;
	struct sieve_env env;
	struct slice qid, client, client_name, helo, host;
	bool junk; /* its judges have said so */
	bool traced;
	struct buf trace;
};

#endif
