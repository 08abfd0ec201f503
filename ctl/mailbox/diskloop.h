/* SPDX-License-Identifier: ISC */
/* The loop, and in it the threads that put files on disk together. */
#ifndef CTL_MAILBOX_DISKLOOP_H
#define CTL_MAILBOX_DISKLOOP_H

struct durable;

/* For a task that puts much on the disk of DIRFD. */
struct durable *diskloop_start(int dirfd);
/* Also where it was not started. */
void diskloop_end(void);

#endif
