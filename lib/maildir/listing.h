/* SPDX-License-Identifier: ISC */
/* What lies in a mailbox's directories, read name by name. */
#ifndef MAILDIR_LISTING_H
#define MAILDIR_LISTING_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "maildir/dirs.h"
#include "maildir/filename.h"

struct listing_entry {
	struct filename f;
	const char *name;
	uint32_t want; /* the UID it shall have; 0: a new one */
	int64_t time_s;
	enum maildir_part part;
	bool used;
	bool listed; /* f.uid is not from its name, see uidfile.h */
};

struct listing {
	struct arena arena; /* of the entries */
	DIR *dir;           /* NULL: not begun, or between the two */
	enum maildir_part part;
	bool ended;
};

void listing_init(struct listing *l);
void listing_fini(struct listing *l);
/* The next message, those in new/ first; ABSENT at the end.  *E lives as long
 * as L.  What comes or goes on the way may be given or not; a file on its way
 * from new/ to cur/ is seen at least once. */
enum found listing_next(struct listing *l, const struct maildir *d,
    struct listing_entry **e, struct err *err);

#endif
