/* SPDX-License-Identifier: ISC */
/* Does the index say what the files say?  Nothing is changed. */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct account;
struct mailbox;

/* Something differs.  What another process is about to do, or has just done,
 * may look like it: it is gone at a second look. */
struct verify_finding {
	const char *what; /* a word; static */
	uint32_t uid;     /* 0: of no message */
	const char *file; /* NULL: of no file */
	uint64_t index;   /* what the index says, where that is a number */
	uint64_t found;
};
typedef void verify_visit(void *arg, const struct verify_finding *f);

/* Of a mailbox; THOROUGH: each message is read.  *BUILDING: its messages are
 * being taken in, and it was not looked at. */
int mailbox_verify(struct mailbox *m, bool thorough, bool *building,
    verify_visit *visit, void *arg, struct err *err);
/* The sums of the account over its mailboxes. */
int account_verify(
    struct account *a, verify_visit *visit, void *arg, struct err *err);
/* Directories of the account that look like mailboxes and are none here, as
 * file of a finding: "unusable", which could be one if its owner might read it
 * and what stands beside its messages were in order, and "misnamed", whose
 * name cannot be that of a mailbox although it has messages. */
int account_verify_dirs(
    struct account *a, verify_visit *visit, void *arg, struct err *err);

#endif
