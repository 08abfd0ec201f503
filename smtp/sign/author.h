/* SPDX-License-Identifier: ISC */
/* In whose name a message goes out, and whether this host vouches for that. */
#ifndef SMTP_SIGN_AUTHOR_H
#define SMTP_SIGN_AUTHOR_H

#include "base/err.h"
#include "base/slice.h"

struct smtp_job;

/* The domain (A-labels) of From, where that is of one author and the message of
 * a user who has logged in, of this host, or of a trusted network; otherwise
 * empty.  It stands as long as JOB.  -1: the message cannot be read. */
int smtp_author_find(
    struct smtp_job *job, struct slice *domain, struct err *err);

#endif
