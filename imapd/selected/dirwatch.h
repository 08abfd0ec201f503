/* SPDX-License-Identifier: ISC */
/*
 * Other programs that write into a Maildir: inotify on its directories while
 * somebody waits in IDLE, or for NOTIFY.  A watch that the kernel does not
 * grant costs nothing but promptness: the next command looks itself.
 */
#ifndef IMAPD_SELECTED_DIRWATCH_H
#define IMAPD_SELECTED_DIRWATCH_H

#include "base/slice.h"

struct account;
struct dirwatch;

/* Who is told, at the end of the turn. */
struct dirwatch_user {
	void (*on_change)(struct dirwatch_user *u);
};

/* Once; MAILFD is the directory that accounts lie in, and becomes the working
 * directory. */
void dirwatch_init(int mailfd);
/* Files in the mailbox NAME of A come, go or are renamed. */
struct dirwatch *dirwatch_start(
    struct dirwatch_user *u, const struct account *a, struct slice name);
/* Mailboxes of A come, go or are renamed, or its small files are. */
struct dirwatch *dirwatch_start_names(
    struct dirwatch_user *u, const struct account *a);
void dirwatch_stop(struct dirwatch **w);

#endif
