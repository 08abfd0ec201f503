/* SPDX-License-Identifier: ISC */
/* Asking the process that talks to the foreign server (imap/frame.h).  What it
 * answers is looked at as what a stranger says. */
#ifndef CTL_MOVE_ASK_H
#define CTL_MOVE_ASK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ctl/imap/frame.h"

struct move_ask {
	int fd;
	struct buf packet, out;
};

void move_ask_init(struct move_ask *a, int fd);
void move_ask_fini(struct move_ask *a);
/* Wait until it is logged in. */
int move_ask_ready(struct move_ask *a, struct err *err);
/* Send F; ON_SAY gets each answer (-1 ends it all).  ABSENT: the server
 * refused, and the session goes on. */
enum found move_ask(struct move_ask *a, const struct imap_frame *f,
    int (*on_say)(void *arg, const struct imap_frame *f, struct err *err),
    void *arg, struct err *err);

#endif
