/* SPDX-License-Identifier: ISC */
/*
 * Other programs that write into a Maildir: inotify on its directories while
 * somebody waits in IDLE.  A watch that the kernel does not grant costs
 * nothing but promptness: the next command looks itself.
 */
#ifndef IMAPD_SELECTED_DIRWATCH_H
#define IMAPD_SELECTED_DIRWATCH_H

struct dirwatch;
struct mailbox;
struct session;

/* Once; MAILFD is the directory that accounts lie in, and becomes the working
 * directory. */
void dirwatch_init(int mailfd);
/* Tell S (imapd_session_changed) when files in M come, go or are renamed. */
struct dirwatch *dirwatch_start(struct session *s, struct mailbox *m);
void dirwatch_stop(struct dirwatch **w);

#endif
