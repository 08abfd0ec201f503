/* SPDX-License-Identifier: ISC */
/* The facts that master's modules share: where things are, and what the
 * configuration says now. */
#ifndef MASTER_MASTER_H
#define MASTER_MASTER_H

#include <stdbool.h>

#include "ipc/role.h"

struct confset;
struct master_conf;
struct serve;

/* What one process holds, by role: enum isolation (ipc/place.h). */
struct isolations {
	int of[ROLE_COUNT];
};

struct master {
	const char *program_dir; /* where the daemons' programs are */
	const char *config_dir;
	const char *run_dir;
	const char *log_file; /* NULL: fd 2 as it is */
	bool log_copy;        /* fd 2 beside the file */
	bool drop;            /* root: daemons get uids of their own */
	bool journal;
	bool stopping;
	struct serve *serve; /* whom processes may be started as */
	struct isolations isolations;
	/* The configuration in effect, and the files it came from, which are
	 * what processes started later get, too. */
	struct master_conf *conf;
	struct confset *files;
	unsigned generation;   /* counts them */
	bool last_good;        /* they are the last good ones, not etc's */
	const char *state_dir; /* where the last good ones are; or NULL */
};

extern struct master master;

#endif
