/* SPDX-License-Identifier: ISC */
#include "master/slots.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "conf/confset.h"
#include "ipc/place.h"
#include "master/isolation.h"
#include "master/master.h"
#include "master/place.h"
#include "master/size.h"
#include "sys/fd.h"

static struct slot_key
key(enum role role, unsigned index, uid_t uid, const char *place)
{
	return (struct slot_key){ .role = role,
		.index = index,
		.uid = uid,
		.place = slice_str(place) };
}

static struct child
slot(const struct slot_key *k)
{
	return (struct child){ .role = k->role,
		.index = k->index,
		.uid = k->uid,
		.place = xslicedup(k->place),
		.nursery = k->nursery };
}

/* Everything in the key counts, and nothing else. */
static void
test_keys(void **state)
{
	struct slot_key keys[] = {
		key(ROLE_IMAPD, 0, 0, "a.test/alice"),
		key(ROLE_IMAPD, 0, 0, "a.test/alic"),
		key(ROLE_IMAPD, 0, 0, ""),
		key(ROLE_IMAPD, 1, 0, ""),
		key(ROLE_IMAPD, 0, 1000, "a.test/alice"),
		key(ROLE_POP3D, 0, 0, "a.test/alice"),
		{ .role = ROLE_IMAPD, .nursery = true },
	};
	struct child children[ARRAY_LEN(keys)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		assert_null(slots_find(&keys[i]));
		children[i] = slot(&keys[i]);
		slots_add(&children[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		assert_ptr_equal(slots_find(&keys[i]), &children[i]);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		slots_remove(&children[i]);
		assert_null(slots_find(&keys[i]));
		free(children[i].place);
	}
	assert_true(TAILQ_EMPTY(&master_children));
}

/* One that is ending makes way, and its own end does not touch its heir. */
static void
test_retired(void **state)
{
	const struct slot_key k = key(ROLE_IMAPD, 0, 0, "a.test/alice");
	struct child old = slot(&k), heir = slot(&k);

	(void)state;
	slots_add(&old);
	slots_set_pid(&old, 17);
	slots_retire(&old);
	assert_null(slots_find(&k));
	assert_ptr_equal(slots_by_pid(17), &old);
	slots_add(&heir);
	slots_set_pid(&heir, 18);
	slots_remove(&old);
	assert_null(slots_by_pid(17));
	assert_ptr_equal(slots_find(&k), &heir);
	slots_set_pid(&heir, 0);
	assert_null(slots_by_pid(18));
	slots_remove(&heir);
	free(old.place);
	free(heir.place);
}

static void
test_place_names(void **state)
{
	static const char *const good[] = { "alice", "a.test/alice", "a/b/c",
		"a.test/alice..", "a b/c" };
	static const char *const bad[] = { "", "/a", "a/", "a//b", "..", "a/..",
		"../a", "a/.b", ".", "a\nb", "a/\x7f" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(place_ok(slice_str(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(place_ok(slice_str(bad[i])));
	assert_false(place_ok(slice_of("a\0b", 3)));
}

/* Made where it is not there, and no link followed on the way. */
static void
test_place_open(void **state)
{
	char root[] = "/tmp/pabal-place.XXXXXX";
	char path[64];
	struct stat a, b;
	struct err err;
	int fd, tree;

	(void)state;
	assert_non_null(mkdtemp(root));
	fd = place_open(root, "a.test/alice", false, 0, 0, &err);
	assert_int_not_equal(fd, -1);
	snprintf(path, sizeof path, "%s/a.test/alice", root);
	assert_int_equal(fstat(fd, &a), 0);
	assert_int_equal(stat(path, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(a.st_mode & 07777, 0700);
	/* It can be written in, and who may mount gives it no way up. */
	assert_int_equal(mkdirat(fd, "cur", 0700), 0);
	tree = open_tree(
	    AT_FDCWD, root, OPEN_TREE_CLONE | (unsigned)OPEN_TREE_CLOEXEC);
	assert_int_equal(fstatat(fd, "..", &b, 0), 0);
	assert_int_equal(a.st_ino == b.st_ino, tree != -1);
	fd_close(&tree);
	fd_close(&fd);
	snprintf(path, sizeof path, "%s/a.test/alice/cur", root);
	assert_int_equal(rmdir(path), 0);
	snprintf(path, sizeof path, "%s/link", root);
	assert_int_equal(symlink("a.test", path), 0);
	assert_int_equal(place_open(root, "link/alice", false, 0, 0, &err), -1);
	assert_int_equal(
	    place_open(root, "a.test/alice/../../../x", false, 0, 0, &err), -1);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof path, "%s/a.test/alice", root);
	assert_int_equal(rmdir(path), 0);
	snprintf(path, sizeof path, "%s/a.test", root);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(root), 0);
}

static void
test_isolation(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		enum isolation isolation;
	} rows[] = {
		{ "",                                    ISOLATION_ACCOUNT },
		{ "isolation = uid\n",                   ISOLATION_UID },
		{ "# isolation = uid\nisolation=domain\n", ISOLATION_DOMAIN },
		{ "isolation = nonsense\n",              ISOLATION_ACCOUNT },
		{ "[imapd]\nisolation = uid\n",          ISOLATION_ACCOUNT },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct confset *files = confset_new();
		struct buf *body = confset_add(files, "/etc", "imapd.conf");
		struct isolations found;

		buf_adds(body, rows[i].text);
		found = isolation_load(files);
		assert_int_equal(
		    isolation_of(&found, ROLE_IMAPD), rows[i].isolation);
		assert_int_equal(
		    isolation_of(&found, ROLE_POP3D), ISOLATION_ACCOUNT);
		assert_int_equal(
		    isolation_of(&found, ROLE_LOCAL), ISOLATION_UID);
		confset_free(&files);
	}
}

static void
test_limit(void **state)
{
	struct master_conf conf = { .max_processes = 7 };

	(void)state;
	assert_int_equal(size_serving(&conf), 7);
	conf.max_processes = 0;
	assert_in_range(size_serving(&conf), 100, 50000);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_retired),
		cmocka_unit_test(test_place_names),
		cmocka_unit_test(test_place_open),
		cmocka_unit_test(test_isolation),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
