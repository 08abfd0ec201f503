/* SPDX-License-Identifier: ISC */
/* The file system that messages are made on. */
#ifndef MAILDIR_LEARN_H
#define MAILDIR_LEARN_H

#include <stdint.h>

#include "maildir/dirs.h"

/* What is known of the file system that new messages are made on: asked for
 * once while D is open. */
void maildir_learn(struct maildir *d);
/* The clock that gives files their times where D is on a file system of this
 * host (host_time); what is written now gets this second or a later one. */
int64_t maildir_clock_s(void);

#endif
