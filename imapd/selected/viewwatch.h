/* SPDX-License-Identifier: ISC */
/* The files of the selected mailbox, watched for IDLE (dirwatch.h). */
#ifndef IMAPD_SELECTED_VIEWWATCH_H
#define IMAPD_SELECTED_VIEWWATCH_H

struct dirwatch;
struct dirwatch_user;
struct session;

/* NULL: nothing is selected, or the kernel has no watch for us. */
struct dirwatch *viewwatch_start(
    struct dirwatch_user *u, const struct session *s);

/* dirwatch_apart for it; -1 where nothing is selected, too. */
int viewwatch_apart(const struct session *s);

#endif
