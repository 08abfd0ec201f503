/* SPDX-License-Identifier: ISC */
#include "sys/fstype.h"

#include <linux/magic.h>
#include <stddef.h>
#include <sys/vfs.h>

#include "base/mem.h"

#define EACH "each file is synced by itself, which is slower"

/* FUSE hands to its server what was written, and asks for no sync of it but for
 * virtiofs, which cannot be told apart; SMB and 9P do the same. */
static const struct {
	unsigned long magic;
	struct fstype type;
} types[] = {
	/* clang-format off */
	{ FUSE_SUPER_MAGIC, { "FUSE", false, EACH } },
	{ CIFS_SUPER_MAGIC, { "SMB",  false, EACH } },
	{ SMB2_SUPER_MAGIC, { "SMB",  false, EACH } },
	{ V9FS_MAGIC,       { "9P",   false, EACH } },
	{ NFS_SUPER_MAGIC,  { "NFS",  true,
		"it cannot tell whether a file is still open elsewhere" } },
	/* clang-format on */
};

static const struct fstype *
find(const struct statfs *fs)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].magic == ((unsigned long)fs->f_type & 0xffffffff))
			return &types[i].type;
	return NULL;
}

const struct fstype *
fstype_find(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 ? find(&fs) : NULL;
}

const struct fstype *
fstype_find_path(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 ? find(&fs) : NULL;
}
