/* SPDX-License-Identifier: ISC */
/* An open mailbox, and the two parts of one (maildir.h). */
#ifndef MAILDIR_DIRS_H
#define MAILDIR_DIRS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* An open mailbox; all -1: closed. */
struct maildir {
	int fd; /* its directory, with the small files */
	int curfd, newfd, tmpfd;
	bool learnt, host_time; /* maildir/learn.h */
	dev_t dev;              /* 0: not known */
};
#define MAILDIR_CLOSED                                                         \
	((struct maildir){ .fd = -1, .curfd = -1, .newfd = -1, .tmpfd = -1 })

enum maildir_part { MAILDIR_CUR, MAILDIR_NEW };

/* Times of files are not finer than this: of two changes within it the second
 * may show no other time. */
enum { MAILDIR_TICK_NS = 20 * 1000000 };

/* When a name last came or went in each part; ns. */
struct maildir_times {
	int64_t cur_ns;
	int64_t new_ns;
};
struct maildir_times maildir_times(const struct maildir *d);
int64_t maildir_time(const struct maildir *d, enum maildir_part part);

#endif
