/* SPDX-License-Identifier: ISC */
/*
 * Whom a process may be started as.
 *
 * Who asks for the process names the uid (qmgr, login), and may have been taken
 * over.  So no process serves an account of pabal's own, and no command runs
 * as an account of the system's.
 */
#ifndef MASTER_SERVE_H
#define MASTER_SERVE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/slice.h"
#include "ipc/role.h"

enum { SERVE_OWN_MAX = 24 };

struct serve {
	bool drop;  /* started as root: processes get uids of their own */
	uid_t self; /* whose everything is otherwise */
	uid_t own[SERVE_OWN_MAX]; /* pabal's accounts */
	size_t nown;
	uid_t min; /* the first uid of people (UID_MIN of login.defs) */
	struct {
		uid_t uid;
		gid_t gid;
	} owner[ROLE_COUNT]; /* as whom virtual users are served */
};

/* From the accounts of this host and /etc/login.defs.  -1 (ERR_PERM): started
 * as root, and one is not there. */
int serve_init(struct serve *s, struct err *err);
/* UID_MIN as LOGIN_DEFS (the file's text) says; 1000 where it does not. */
uid_t serve_uid_min(struct slice login_defs);
/* May a process of ROLE serve UID (0: nobody in particular)?  KNOWN: the host
 * has an account of that uid. */
bool serve_may(const struct serve *s, enum role role, uid_t uid, bool known,
    const char **why);

#endif
