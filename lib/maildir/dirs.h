/* SPDX-License-Identifier: ISC */
/* An open mailbox, and the two parts of one (maildir.h). */
#ifndef MAILDIR_DIRS_H
#define MAILDIR_DIRS_H

#include <stdint.h>

/* An open mailbox; all -1: closed. */
struct maildir {
	int fd; /* its directory, with the small files */
	int curfd;
	int newfd;
	int tmpfd;
};

enum maildir_part { MAILDIR_CUR, MAILDIR_NEW };

/* When a name last came or went in each part; ns. */
struct maildir_times {
	int64_t cur_ns;
	int64_t new_ns;
};
struct maildir_times maildir_times(const struct maildir *d);

#endif
