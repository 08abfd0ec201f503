/* SPDX-License-Identifier: ISC */
/*
 * Which of the administrator's scripts run when something happens to a message
 * in IMAP (RFC 6785): an item of the parameter imapsieve,
 *
 *	NAME:to=FOLDER[:from=FOLDER][:cause=append+copy+flag]
 *
 * A folder is a name, a special use (\Junk), or * for any.
 */
#ifndef SCRIPT_IMAPRULE_H
#define SCRIPT_IMAPRULE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

enum imap_cause { IMAP_APPEND, IMAP_COPY, IMAP_FLAG, IMAP_CAUSES };
/* As RFC 6785 has them: "APPEND" … */
const char *imaprule_cause_name(enum imap_cause cause);

struct imaprule {
	struct slice name;     /* of the script */
	struct slice to, from; /* empty: not said */
	unsigned causes;       /* 1 << IMAP_APPEND … */
};

/* A mailbox that has to do with it. */
struct imap_folder {
	struct slice name;
	unsigned special; /* enum mailbox_special */
};

/* TEXT, which R borrows from. */
int imaprule_parse(struct slice text, struct imaprule *r, struct err *err);
/* Does it run, when a message in TO has come there, from FROM (name empty: from
 * nowhere), or has had its flags changed? */
bool imaprule_fits(const struct imaprule *r, enum imap_cause cause,
    const struct imap_folder *to, const struct imap_folder *from);

#endif
