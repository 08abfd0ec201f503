/* SPDX-License-Identifier: ISC */
/*
 * Who may what with a mailbox (RFC 4314): the file dovecot-acl in its
 * directory, in Dovecot's format, so that it comes along and can go back.  A
 * line for each identifier:
 *
 *	user=bob@example.org lrs
 *	-user=eve@example.org w
 *	"group=two words" lr :insert post
 *	owner lrwstipekxa
 *	anyone l
 *
 * A line that begins with "#" and an empty one say nothing.  Of an identifier
 * that stands there twice the last line counts.
 */
#ifndef MAILDIR_ACLFILE_H
#define MAILDIR_ACLFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

struct buf;

#define ACLFILE_NAME "dovecot-acl"

enum {
	ACLFILE_BYTES_MAX = 256 << 10,
	ACLFILE_ENTRIES_MAX = 1000,
	ACLFILE_ID_MAX = 512,
};

/* From the least to the most specific, which is the one that counts. */
enum acl_kind {
	ACL_ANYONE,
	ACL_AUTHENTICATED,
	ACL_GROUP,
	ACL_OWNER,
	ACL_USER,
	ACL_GROUP_OVERRIDE,
	ACL_KINDS,
};

struct acl_id {
	enum acl_kind kind;
	bool negative;     /* these rights are taken away */
	struct slice name; /* of a user or group; else empty */
};

struct acl_entry {
	struct acl_id id;
	unsigned rights; /* rights.h; none of them is an entry, too */
};

struct aclfile {
	struct arena arena; /* has the names */
	struct acl_entry *v;
	size_t n;
};

/* Can a user or group be called so? */
bool aclfile_is_name(struct slice name);
/* No file has no entries.  -1: it cannot be read, or is corrupt (ERR_TEMP).  F
 * is the caller's to finish only where 0 comes back. */
int aclfile_read(int dirfd, struct aclfile *f, struct err *err);
/* On disk when 0 comes back; without entries the file goes.  Blocks. */
int aclfile_write(int dirfd, const struct aclfile *f, struct err *err);
void aclfile_init(struct aclfile *f);
void aclfile_fini(struct aclfile *f);

/* Users and groups without a domain are of DOMAIN, so that "user=bob" and
 * "user=bob@example.org" may be the same.  NULL: none. */
struct acl_entry *aclfile_find(
    const struct aclfile *f, const struct acl_id *id, struct slice domain);
/* ID, which is copied, has RIGHTS from now on.  ERR_PERM ERR_LIMIT: too many.
 */
int aclfile_set(struct aclfile *f, const struct acl_id *id, struct slice domain,
    unsigned rights, struct err *err);
void aclfile_drop(
    struct aclfile *f, const struct acl_id *id, struct slice domain);

/* Who asks, and whose mailbox it is. */
struct acl_who {
	struct slice name; /* user@domain */
	bool owner;
	struct slice domain; /* the owner's: of names without one, of anyone */
	const struct slice *groups; /* with their domains */
	size_t ngroups;
};
/* What WHO may.  The most specific entry counts, of several groups all
 * together; a negative one takes away from that.  The owner has everything
 * unless an entry for him says otherwise, and RIGHTS_OWNER even then.  Anyone
 * is who has an account in the owner's domain. */
unsigned aclfile_rights(const struct aclfile *f, const struct acl_who *who);

/* The format, for tests. */
bool aclfile_parse(struct slice text, struct aclfile *f);
void aclfile_format(struct buf *out, const struct aclfile *f);

#endif
