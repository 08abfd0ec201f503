/* SPDX-License-Identifier: ISC */
/* Mailboxes as directories of an account (maildir.h). */
#ifndef MAILDIR_MAILBOXES_H
#define MAILDIR_MAILBOXES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "maildir/dirs.h"

struct buf;

/* ---- mailboxes of the account at ACCOUNTFD ---- */

enum { MAILDIR_NAMES_MAX = 64 << 20 }; /* bytes */
/* Their directories ("" first: INBOX is the account's own), as C strings one
 * behind the other. */
int maildir_names(int accountfd, struct buf *dirs, struct err *err);
/* Changes when one comes or goes; ns. */
int64_t maildir_names_time(int accountfd);
/* May its owner work in DIR?  Somebody else may have made it. */
bool maildir_is_usable(int accountfd, const char *dir);
/* Is the directory an account's? */
bool maildir_is_account(int fd);
/* Open the one in DIR, never through a link; MAKE makes those of cur, new and
 * tmp that lack.  ABSENT (ERR_PERM, [NONEXISTENT]): no such mailbox. */
enum found maildir_open(struct maildir *d, int accountfd, const char *dir,
    bool make, struct err *err);
void maildir_close(struct maildir *d);
/* Is D open, and was it not removed since?  Then *T is maildir_times(D). */
bool maildir_is_there(const struct maildir *d, struct maildir_times *t);
bool maildir_is_empty(const struct maildir *d);
/* Make DIR, not synced; *MADE: it was not there. */
int maildir_make(int accountfd, const char *dir, bool *made, struct err *err);
/* Tell Maildir++ readers that D is no account. */
int maildir_mark(const struct maildir *d, struct err *err);
/* Remove DIR, which we made; it stays when others used it. */
void maildir_unmake(int accountfd, const char *dir);
enum found maildir_rename(
    int accountfd, const char *dir, const char *to, struct err *err);

#endif
