/* SPDX-License-Identifier: ISC */
/*
 * The slots of all processes, found by what they serve and by pid: there may
 * be ten thousand of them, so nothing here looks at each.
 *
 * A place is the directory of mail that a process holds (ipc/place.h), where
 * that is not all of the uid's.  Such processes of the virtual users are not
 * started as a program each but are children of a nursery (proc/nursery.h),
 * which has a slot of its own.
 */
#ifndef MASTER_SLOTS_H
#define MASTER_SLOTS_H

#include <sys/types.h>

#include "master/child.h"

/* What tells one slot from another. */
struct slot_key {
	enum role role;
	unsigned index;
	uid_t uid;
	struct slice place;
	bool nursery;
};

/* All of them, the oldest first. */
extern struct child_list master_children;

struct slot_key slots_key_of(const struct child *c);

/* KEY as bytes, put into ROOM.  Places are shorter (see master/place.h). */
enum { SLOT_KEY_BYTES = 16 + 1024 };
struct slice slots_key_bytes(
    const struct slot_key *key, char room[SLOT_KEY_BYTES]);

/* The same of C. */
struct slice slots_bytes_of(const struct child *c, char room[SLOT_KEY_BYTES]);

/* C, whose key is set, to be found from now on. */
void slots_add(struct child *c);
/* Not to be found by its key any more: another may take its place. */
void slots_retire(struct child *c);
void slots_remove(struct child *c);
struct child *slots_find(const struct slot_key *key);

/* C's process has PID now; 0: none. */
void slots_set_pid(struct child *c, pid_t pid);
struct child *slots_by_pid(pid_t pid);

#endif
