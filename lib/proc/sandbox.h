/* SPDX-License-Identifier: ISC */
/*
 * What a process may do, as data, and its enforcement by the kernel, in one
 * fixed order: close inherited fds (done by the spawner), rlimits, chroot,
 * groups and uids, no_new_privs, Landlock, seccomp.
 */
#ifndef PROC_SANDBOX_H
#define PROC_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

enum may {
	MAY_ACCEPT = 1 << 0,  /* accept on the sockets that master passes */
	MAY_CONNECT = 1 << 1, /* open outgoing TCP connections */
	MAY_DGRAM = 1 << 2,   /* send and receive UDP (DNS) */
	MAY_READ = 1 << 3,    /* open files beneath its directories */
	MAY_WRITE = 1 << 4,   /* create, rename, remove beneath them */
	MAY_SYNC = 1 << 5,    /* run the threads of sys/durable */
	MAY_SPAWN = 1 << 6,   /* fork and exec (not confined to its files) */
	MAY_FORK = 1 << 7,    /* have worker processes of its own program */
	MAY_UNIX = 1 << 8,    /* connect to UNIX sockets beneath its dirs */
	MAY_NARROW = 1 << 9, /* shut itself in further (a nursery's children) */
	MAY_CONFINE = 1 << 10,   /* have its workers do so (proc/narrow.h) */
	MAY_HOST_UNIX = 1 << 11, /* with MAY_UNIX: their names are the host's,
				  * beneath its working directory, "/" */
	MAY_MEMFD = 1 << 12,     /* make files in memory, to hand them over */
};

struct port_set;

struct sandbox {
	unsigned may;
	const int *dirs; /* open directories it works beneath */
	size_t ndirs;
	const struct port_set *ports; /* with MAY_CONNECT; NULL: any */
	bool drop;                    /* change root and uid: master is root */
	const char *empty_root;       /* where to chroot to; NULL: no chroot */
	bool nursery; /* it has children that narrow themselves further */
	uid_t uid;
	gid_t gid;
};

/* Enter the sandbox; there is no way back.  ERR_PERM when the kernel refuses.
 */
int sandbox_enter(const struct sandbox *box, struct err *err);

/* One line of words for `pabal privileges`: "accept connect". */
void sandbox_describe(struct buf *out, unsigned may);

#endif
