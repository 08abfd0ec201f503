/* SPDX-License-Identifier: ISC */
/* The facts that master's modules share: where things are, and what the
 * configuration says now. */
#ifndef MASTER_MASTER_H
#define MASTER_MASTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "conf/master.h"

struct master {
	const char *program_dir; /* where the daemons' programs are */
	const char *config_dir;
	const char *run_dir;
	const char *log_file; /* NULL: fd 2 as it is */
	bool drop;            /* root: daemons get uids of their own */
	bool journal;
	bool stopping;
	uid_t mail_uid; /* owner of the virtual users' mail */
	gid_t mail_gid;
	uid_t nobody_uid; /* for commands that nobody owns */
	gid_t nobody_gid;
	struct master_conf *conf;
};

extern struct master master;

#endif
