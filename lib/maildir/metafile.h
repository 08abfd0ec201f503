/* SPDX-License-Identifier: ISC */
/*
 * The file of a mailbox's annotations (RFC 5464), pabal-metadata, and of the
 * account's own, pabal-metadata-account: entries by name, each with its bytes.
 * Names are compared without regard to case (ASCII).
 */
#ifndef MAILDIR_METAFILE_H
#define MAILDIR_METAFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#define METAFILE_MAILBOX "pabal-metadata"
#define METAFILE_ACCOUNT "pabal-metadata-account"

enum {
	METAFILE_BYTES_MAX = 32 << 20,
	METAFILE_ENTRIES_MAX = 1000,
	METAFILE_NAME_MAX = 1000,
};

struct metafile_entry {
	struct slice name;
	struct slice value; /* any bytes */
};

struct metafile {
	struct buf text; /* what was read, which the entries borrow from */
	struct metafile_entry *v;
	size_t n;
};

/* Can an entry be called so: no control character or blank at its end, so that
 * a line of the file holds it? */
bool metafile_is_name(struct slice name);
/* No file has no entries.  -1: it cannot be read, or is corrupt (ERR_TEMP). */
int metafile_read(
    int dirfd, const char *name, struct metafile *f, struct err *err);
/* On disk when 0 comes back; without entries the file goes.  Blocks. */
int metafile_write(
    int dirfd, const char *name, const struct metafile *f, struct err *err);
void metafile_fini(struct metafile *f);

/* NULL: none. */
struct metafile_entry *metafile_find(
    const struct metafile *f, struct slice name);
/* VALUE (borrowed) stands there from now on; .p NULL: the entry goes. */
void metafile_set(struct metafile *f, struct slice name, struct slice value);
/* Of all names and values. */
size_t metafile_bytes(const struct metafile *f);

/* The format, for tests.  _parse takes TEXT's bytes as F's. */
bool metafile_parse(struct slice text, struct metafile *f);
void metafile_format(struct buf *out, const struct metafile *f);

#endif
