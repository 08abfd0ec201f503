/* SPDX-License-Identifier: ISC */
/*
 * Work in accounts as their owners.  For each account a child is forked, which
 * becomes its owner (with root's rights only; else it is the owner already),
 * locks itself into the account's directory (struct ctl, confine), opens the
 * account through lib/store, and does its task.  Whether the instance runs
 * makes no difference: sessions, deliveries and tasks share an account.
 *
 * Once it is locked in, a child has the descriptors it has got (asowner_task,
 * dirs; what its caller opened before), memory, clocks, standard output and
 * error, and no other file, program or connection.  What it needs beyond
 * (charsets, names of hosts) is to be had before.
 */
#ifndef CTL_MAILBOX_ASOWNER_H
#define CTL_MAILBOX_ASOWNER_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/cmd/ctl.h"
#include "ctl/view/out.h"

struct account;
struct account_entry;
struct asowner_done;
struct shared_conf;
struct store;

/* An account, to a task at work in it. */
struct asowner {
	const struct ctl *ctl;
	const struct shared_conf *shared;
	const char *name; /* user@domain */
	const struct account_entry *entry;
	int dirfd;               /* the account's directory */
	struct store *store;     /* in it: the account's path is "." */
	struct account *account; /* with its quota; both NULL with files */
	struct out *out;         /* for rows, which begin with asowner_row */
	bool many;               /* it is not the only one */
	void *arg;
};

struct asowner_task {
	/* In the child.  Gives an exit status, and has said what went wrong
	 * (ctl_fail). */
	int (*run)(struct asowner *o);
	int (*done)(const struct asowner_done *d); /* done.h; NULL: nothing */
	/* Of the rows; the first one is the account, which text shows where
	 * there may be several.  NULL: it prints something else. */
	const struct out_col *cols;
	size_t ncols;
	bool files;      /* in its directory, without what lib/store knows of it
			  */
	bool links;      /* it makes symbolic links there */
	bool make;       /* an account that nobody has used yet is made */
	bool connect;    /* it may open TCP connections */
	bool loop;       /* it runs the loop, and files are synced together */
	bool charsets;   /* it reads text in any charset */
	const int *dirs; /* directories it may work in as well */
	size_t ndirs;
	void *arg;
};

/* Do TASK in the account WHO (NAME@DOMAIN), in all accounts of the domain WHO,
 * or in all (NULL), one after the other.  Accounts that nobody has used yet
 * have nothing to work in: CTL_FAILED for a single one, else they are left out.
 * The exit status is that of the last one that failed. */
int asowner_run(
    struct ctl *ctl, const char *who, const struct asowner_task *task);
/* WHO from the arguments of a command that takes NAME@DOMAIN, DOMAIN or --all:
 * 0, or -1 when CTL_USAGE has been said. */
int asowner_who(
    struct ctl *ctl, bool all, int argc, char **argv, const char **who);

/* Begin a row of O: fills in the account where it is shown. */
void asowner_row(struct asowner *o);
/* "ACCOUNT: WHAT FAILED" on stderr; gives CTL_FAILED. */
int asowner_fail(const struct asowner *o, const struct err *err);

#endif
