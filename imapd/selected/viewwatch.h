/* SPDX-License-Identifier: ISC */
/* The files of the selected mailbox, watched for IDLE (dirwatch.h). */
#ifndef IMAPD_SELECTED_VIEWWATCH_H
#define IMAPD_SELECTED_VIEWWATCH_H

struct buf;
struct dirwatch;
struct dirwatch_user;
struct session;

/* NULL: nothing is selected, or the kernel has no watch for us. */
struct dirwatch *viewwatch_start(
    struct dirwatch_user *u, const struct session *s);

/* Where it is beneath the account's home, added to OUT: "." or ".Sub". */
void viewwatch_dir(const struct session *s, struct buf *out);

#endif
