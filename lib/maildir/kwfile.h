/* SPDX-License-Identifier: ISC */
/* Reading pabal-keywords, when an index is built or a file is found that was
 * about to enter it; see kwlog.h. */
#ifndef MAILDIR_KWFILE_H
#define MAILDIR_KWFILE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/slice.h"

struct filename;

/* What a file says, read when first asked. */
struct kwfile {
	int dirfd;
	bool read;
	struct buf text;
	struct map lines; /* "UID BASE" -> names */
};
void kwfile_init(struct kwfile *k, int dirfd);
void kwfile_fini(struct kwfile *k);
/* The names that the file called NAME has. */
int kwfile_find(struct kwfile *k, const struct filename *name,
    struct slice *names, struct err *err);

#endif
