/* SPDX-License-Identifier: ISC */
/*
 * A daemon as its main.c declares it, and its life: hello to master, what
 * master hands over (configuration, directories, listening sockets), the
 * sandbox, the ready word, the loop, reloads, the end.  Only main.c includes
 * this; what the rest of the daemon needs it gets from there.
 */
#ifndef PROC_SERVICE_H
#define PROC_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "ev/loop.h"
#include "ipc/role.h"
#include "proc/sandbox.h"

struct addr;
struct conf_desc;
struct ipc_table;

/* Directories that master opens for a daemon. */
enum service_dir {
	DIR_SPOOL,   /* spool_directory */
	DIR_MAIL,    /* mail_directory, or the home of the uid served */
	DIR_TABLES,  /* table_directory */
	DIR_TLS,     /* where tls_certificate and tls_key are */
	DIR_SIGNING, /* signing_directory; -1 where it is not there */
	DIR_STATE,   /* the daemon's in state_directory; the same */
	DIR_WEB,     /* web_directory; -1 where none is set */
	DIR_COUNT
};

/* A listening socket. */
struct listener {
	struct ev_io io;
	char service[32];      /* section of master.conf */
	char protocol[16];     /* its protocol: "smtp" */
	unsigned max_sessions; /* in this process */
};

struct port_set;

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
	/* With MAY_CONNECT: the TCP ports that *conf_slot needs; NULL: any.
	 * Asked after prepare and at each reload; where the kernel keeps it to
	 * those of the start, new ones end the process, for another. */
	void (*ports)(struct port_set *ports);
	/* Before the sandbox is entered; no directory need be there yet. */
	int (*prepare)(struct err *err);
	/* After; 0 means ready. */
	int (*start)(struct err *err);
	/* In place of start, when the configuration is only tried: what would
	 * keep start from its work?  It reads; it changes, locks, asks nothing.
	 */
	int (*check)(struct err *err);
	/* *conf_slot is new; the old one is freed when this returns.  -1: it
	 * is in effect still.  0 may leave a remark in ERR. */
	int (*reload)(struct err *err);
	/* Owns FD (non-blocking). */
	void (*accept)(
	    int fd, const struct listener *l, const struct addr *peer);
	/* Begin nothing new, and finish up.  The process ends when busy says
	 * no, or, without busy, when it calls ev_stop(); a deadline stands
	 * behind. */
	void (*stop)(void);
	/* Has it work?  Asked when a turn of the loop is over.  Who serves a
	 * uid and has none may be ended by master. */
	bool (*busy)(void);
	void (*end)(void); /* the work is done: the last of a stop */
	int64_t last_ms;   /* to end in when master has died; 0: a second */
};

#define REACH(role) (1u << (role))

/* End when what is under way is done; master starts the next, which has the
 * rights of the start for a while.  WHY is for the log. */
void service_restart(const char *why);

/* The whole main(): returns the exit code. */
int service_main(const struct service *svc, int argc, char **argv);

/* What master said; valid from prepare on. */
unsigned service_index(void); /* this process among those of its role */
uid_t service_uid(void);
gid_t service_gid(void);
const char *service_section(void); /* of master.conf */
const char *service_user(void);    /* name of the uid served, may be "" */
const char *service_home(void);    /* its home directory, may be "" */
const char *service_place(void);   /* what of the mail root (ipc/place.h) */
/* Is this a system user's process (not that of the virtual users)? */
bool service_is_system_user(void);
/* The open directory; -1 when it was not declared. */
int service_dir(enum service_dir dir);
/* The daemon has N sessions now.  A listener that has all it may rests, so that
 * others take its clients; who waits a moment is accepted, to be told. */
void service_sessions(unsigned n);
/* Has L room beside N sessions?  A part of it is kept for TRUSTED clients. */
bool service_has_room(const struct listener *l, unsigned n, bool trusted);

#endif
