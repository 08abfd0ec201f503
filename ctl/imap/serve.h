/* SPDX-License-Identifier: ISC */
/*
 * The process that talks to a foreign server: it has the connection, its own
 * password there, and a channel to the process that has the mailbox (frame.h),
 * and once connected no file, no other connection and no mail but what passes
 * through.
 */
#ifndef CTL_IMAP_SERVE_H
#define CTL_IMAP_SERVE_H

#include "base/err.h"
#include "ctl/imap/client.h"

struct imap_serve {
	struct imap_login login;
	/* Lock this process in: called when it is connected. */
	int (*confine)(void *arg, struct err *err);
	void *arg;
};

/* Connect, log in, answer what comes by FD until its other end is closed.  All
 * errors are said by IMAP_SAY_FAILED.  An exit status. */
int imap_serve(int fd, const struct imap_serve *s);

#endif
