/* SPDX-License-Identifier: ISC */
/* Who may what with a mailbox (RFC 4314): a file of it (maildir/aclfile.h),
 * which goes where the mailbox goes. */
#ifndef STORE_ACL_H
#define STORE_ACL_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"
#include "maildir/aclfile.h"
#include "maildir/rights.h"

struct mailbox;
struct tx;

/* As aclfile_read.  ERR_PERM ERR_NOT_FOUND: M was deleted meanwhile. */
int acl_read(struct mailbox *m, struct aclfile *f, struct err *err);
/* What WHO may with M.  The owner has everything where that cannot be found
 * out. */
int acl_rights(struct mailbox *m, const struct acl_who *who, unsigned *rights,
    struct err *err);

enum acl_op { ACL_SET, ACL_ADD, ACL_TAKE, ACL_DROP };
struct acl_change {
	enum acl_op op;
	struct acl_id id;
	struct slice domain; /* the owner's: of names without one */
	unsigned rights;
	bool owner; /* id is M's owner: without an entry he has everything */
};
/* On disk when 0 comes back.  ERR_PERM ERR_LIMIT: too many entries. */
int acl_change(
    struct mailbox *m, const struct acl_change *change, struct err *err);
/* The new mailbox NAME, in the directory DIRFD, begins with what the next one
 * above it has that is there. */
int acl_inherit(struct tx *tx, struct slice name, int dirfd, struct err *err);

#endif
