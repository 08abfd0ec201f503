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

/* There may be a hundred thousand of them: what else a name says is read when
 * its turn comes. */
struct listing_entry {
	const char *name;
	int64_t time_s;
	uint32_t uid;  /* U= of its name, or, where LISTED, of uidfile.h; 0 */
	uint32_t want; /* the UID it shall have; 0: a new one */
	enum maildir_part part;
	bool used;
	bool listed;
};

struct listing {
	struct arena arena; /* of the entries */
	DIR *dir;           /* NULL: not begun, or between the two */
	enum maildir_part part;
	bool ended;
};

/* What E's name says, but that the UID is E's. */
struct filename listing_parse(const struct listing_entry *e);
/* Is STEM all of E's name before the ':'? */
bool listing_has_stem(const struct listing_entry *e, struct slice stem);

void listing_init(struct listing *l);
void listing_fini(struct listing *l);
/* The next message, those in new/ first, and what its name says; ABSENT at the
 * end.  *E lives as long as L.  What comes or goes on the way may be given or
 * not; a file on its way from new/ to cur/ is seen at least once. */
enum found listing_next(struct listing *l, const struct maildir *d,
    struct listing_entry **e, struct filename *f, struct err *err);

#endif
