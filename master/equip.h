/* SPDX-License-Identifier: ISC */
/* What a process gets from master: who it is, the configuration files, its
 * directories and listening sockets. */
#ifndef MASTER_EQUIP_H
#define MASTER_EQUIP_H

#include "ipc/master.h"
#include "ipc/msg.h"
#include "master/child.h"

struct confset;
struct err;
struct shared_conf;

struct equip {
	const struct master_conf *conf;
	const struct confset *files; /* CONF came from them */
};

/* Open the directory that C holds, if it is not all of its uid's; C's process
 * gets it.  -1: it cannot be opened. */
int equip_open_place(struct child *c, struct err *err);
void equip_close_place(struct child *c);
/* The directory PATH of C's mail, to be named and not to be read (O_PATH), with
 * the rights of its owner and over no link; the fd, or -1. */
int equip_open_mail(const struct child *c, const char *path, struct err *err);
/* After the hello of C: everything it needs, then "go".  One that only checks
 * gets no listening sockets.  -1: it cannot have that (ERR_PERM, or ERR_TEMP
 * for want of a descriptor), and has no "go". */
int equip_new(struct child *c, const struct equip *with,
    const struct msg_master_hello *hello, enum master_go go, struct err *err);
/* A new configuration for C, which is ready; it answers with master_ready. */
void equip_again(struct child *c, const struct equip *with);
/* Does C hold the directories that SHARED names? */
bool equip_fits(const struct child *c, const struct shared_conf *shared);

#endif
