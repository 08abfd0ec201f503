/* SPDX-License-Identifier: ISC */
/*
 * A daemon as its main.c declares it, and its life: hello to master, what
 * master hands over (configuration, directories, listening sockets), the
 * sandbox, the ready word, the loop, reloads, the end.  Only main.c includes
 * this; what the rest of the daemon needs it gets from there.
 */
#ifndef PROC_SERVICE_H
#define PROC_SERVICE_H

#include "base/buf.h"
#include "base/err.h"
#include "conf/conf.h"
#include "ipc/ipc.h"
#include "proc/sandbox.h"
#include "sys/addr.h"

/* Directories that master opens for a daemon. */
enum service_dir {
	DIR_SPOOL,  /* spool_directory */
	DIR_MAIL,   /* mail_directory, or the home of the uid served */
	DIR_TABLES, /* table_directory */
	DIR_TLS,    /* where tls_certificate and tls_key are */
	DIR_COUNT
};

/* A listening socket. */
struct listener {
	struct ev_io io;
	char service[32];      /* section of master.conf */
	char protocol[16];     /* its protocol: "smtp" */
	unsigned max_sessions; /* in this process */
};

struct service {
	const char *name;
	enum role role;
	const struct conf_desc *conf;
	const void **conf_slot; /* where the daemon keeps its configuration */
	const char *user;       /* NULL: the uid that is served */
	unsigned reach; /* REACH(ROLE_QMGR) | …: whom it may talk to */
	unsigned dirs;  /* 1 << DIR_SPOOL … */
	unsigned may;   /* MAY_… */
	const struct ipc_table *ipc; /* may be NULL */
	/* Before the doors close; still with the rights of the start. */
	int (*prepare)(struct err *err);
	/* After; 0 means ready. */
	int (*start)(struct err *err);
	/* *conf_slot is new; the old one is freed when this returns. */
	void (*reload)(void);
	/* Owns FD (non-blocking). */
	void (*accept)(
	    int fd, const struct listener *l, const struct addr *peer);
	/* Finish up and call ev_stop() when done; a deadline stands behind. */
	void (*stop)(void);
	/* Has it work (sessions, jobs)?  For daemons that serve a uid. */
	bool (*busy)(void);
};

#define REACH(role) (1u << (role))

/* The whole main(): returns the exit code. */
int service_main(const struct service *svc, int argc, char **argv);

/* What master said; valid from prepare on. */
unsigned service_index(void);      /* this process among those of its role */
const char *service_section(void); /* section of master.conf it belongs to */
uid_t service_uid(void);
gid_t service_gid(void);
const char *service_user(void); /* name of the uid served, may be "" */
const char *service_home(void); /* its home directory, may be "" */
/* Is this a system user's process (not that of the virtual users)? */
bool service_is_system_user(void);
/* The open directory; -1 when it was not declared. */
int service_dir(enum service_dir dir);
/* Stop and resume accepting (at a limit). */
void service_pause(bool pause);

#endif
