/* SPDX-License-Identifier: ISC */
/* Annotations of mailboxes and of the account (RFC 5464): a file for each
 * (maildir/metafile.h), which goes where the mailbox goes. */
#ifndef STORE_METADATA_H
#define STORE_METADATA_H

#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

struct account;
struct mailbox;
struct metafile;

struct metadata_change {
	struct slice name;
	struct slice value; /* .p NULL: the entry goes */
};

/* Those of M; NULL: of A itself.  F is the caller's to metafile_fini where 0
 * comes back.  ERR_PERM ERR_NOT_FOUND: M was deleted meanwhile. */
int metadata_read(
    struct account *a, struct mailbox *m, struct metafile *f, struct err *err);
/* All N changes or none; on disk when 0 comes back.  ERR_PERM ERR_LIMIT: the
 * names and values would have more than MAX_BYTES, or be too many. */
int metadata_change(struct account *a, struct mailbox *m,
    const struct metadata_change *changes, size_t n, size_t max_bytes,
    struct err *err);
/* What M is for (RFC 6154): one or none of enum mailbox_special.  ERR_PERM
 * ERR_CANNOT: its name says so already. */
int metadata_set_special(struct mailbox *m, unsigned special, struct err *err);

#endif
