/* SPDX-License-Identifier: ISC */
/* statfs is replaced here: no machine has all of these. */
#include "sys/fstype.h"

#include "tests/unit.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/mem.h"

static long type;

int
fstatfs(int fd, struct statfs *fs)
{
	*fs = (struct statfs){ .f_type = type };
	return fd;
}

int
statfs(const char *path, struct statfs *fs)
{
	(void)path;
	return fstatfs(0, fs);
}

static void
test_types(void **state)
{
	/* clang-format off */
	static const struct {
		long type;
		const char *name; /* NULL: nothing is wrong with it */
		bool syncfs;
	} rows[] = {
		{ EXT4_SUPER_MAGIC, NULL, true },
		{ XFS_SUPER_MAGIC, NULL, true },
		{ BTRFS_SUPER_MAGIC, NULL, true },
		{ OVERLAYFS_SUPER_MAGIC, NULL, true },
		{ FUSE_SUPER_MAGIC, "FUSE", false },
		{ V9FS_MAGIC, "9P", false },
		{ CIFS_SUPER_MAGIC, "SMB", false },
		{ (int)SMB2_SUPER_MAGIC, "SMB", false }, /* as where long is short */
		{ SMB2_SUPER_MAGIC, "SMB", false },
		{ NFS_SUPER_MAGIC, "NFS", true },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct fstype *t;

		type = rows[i].type;
		t = fstype_find(0);
		assert_ptr_equal(fstype_find_path("/"), t);
		assert_null(fstype_find(-1));
		if (rows[i].name == NULL) {
			assert_null(t);
			continue;
		}
		assert_string_equal(t->name, rows[i].name);
		assert_int_equal(t->syncfs, rows[i].syncfs);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
