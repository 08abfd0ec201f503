/* SPDX-License-Identifier: ISC */
/* The one directory that a process of imapd or pop3d gets. */
#ifndef MASTER_PLACE_H
#define MASTER_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/slice.h"

/* Levels with something in them, none of which begins with a dot; not longer
 * than a key of a slot can be. */
bool place_ok(struct slice place);
/* The directory of a mailbox beneath its home: ".", or a name that begins with
 * a dot. */
bool place_dir_ok(struct slice dir);
/*
 * Open PLACE beneath the directory ROOT with the rights of UID and GID (when
 * AS_OWNER), over no link; made where it is not there yet.  Where the kernel
 * lets us, what comes back is a mount of its own that has no way up: no ".."
 * leads to its neighbours, not even for calls that Landlock does not know.
 * The fd, or -1.
 */
int place_open(const char *root, const char *place, bool as_owner, uid_t uid,
    gid_t gid, struct err *err);
/* The same for any directory that is there, to be named alone (O_PATH). */
int place_find(const char *root, const char *path, bool as_owner, uid_t uid,
    gid_t gid, struct err *err);

#endif
