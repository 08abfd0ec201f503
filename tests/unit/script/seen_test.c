/* SPDX-License-Identifier: ISC */
#include "script/seen.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { NOW = 1000000 };

static char dir[64];
static int fd;

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/pabal-seen.XXXXXX");
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd == -1 ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlinkat(fd, "sieve/.pabal-seen", 0);
	unlinkat(fd, "sieve", AT_REMOVEDIR);
	close(fd);
	return rmdir(dir);
}

static void
test_until_it_expires(void **state)
{
	const struct seen_key key = { "vacation", SLICE("a handle"),
		SLICE("x@example.org") };
	const struct seen_key others[] = {
		{ "duplicate", key.one, key.two },
		{ "vacation", SLICE("a"), SLICE("handle x@example.org") },
		{ "vacation", key.one, SLICE("y@example.org") },
		{ "vacation", SLICE("a handle x@example.org"), SLICE("") },
		{ "vacation", SLICE("a\nhandle"), key.two },
	};

	(void)state;
	assert_int_equal(seen_find(fd, &key, NOW), ABSENT);
	assert_int_equal(seen_put(fd, &key, NOW, 60, NULL), 0);
	assert_int_equal(seen_find(fd, &key, NOW), FOUND);
	assert_int_equal(seen_find(fd, &key, NOW + 59), FOUND);
	assert_int_equal(seen_find(fd, &key, NOW + 60), ABSENT);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_int_equal(seen_find(fd, &others[i], NOW), ABSENT);
	/* The time begins anew. */
	assert_int_equal(seen_put(fd, &key, NOW + 50, 60, NULL), 0);
	assert_int_equal(seen_find(fd, &key, NOW + 100), FOUND);
}

static void
test_what_others_wrote(void **state)
{
	static const char text[] = "\n \n99999999999999999999 a b c\n-1 a b c\n"
				   "x a b c\n2000000 a b\n2000000";
	const struct seen_key key = { "a", SLICE("b"), SLICE("c") };
	int f;

	(void)state;
	assert_int_equal(mkdirat(fd, "sieve", 0700), 0);
	f = openat(fd, "sieve/.pabal-seen", O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(f, text, sizeof text - 1), sizeof text - 1);
	close(f);
	assert_int_equal(seen_find(fd, &key, NOW), ABSENT);
}

static void
test_it_does_not_grow_for_ever(void **state)
{
	struct stat st;
	char name[32];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		const struct seen_key key = { "vacation", SLICE("handle"),
			slice_str(name) };

		snprintf(name, sizeof name, "user%d@example.org", i);
		assert_int_equal(seen_put(fd, &key, NOW + i, 100, NULL), 0);
	}
	assert_int_equal(fstatat(fd, "sieve/.pabal-seen", &st, 0), 0);
	assert_true(st.st_size < 600 << 10);
	assert_int_equal(seen_find(fd,
			     &(struct seen_key){ "vacation", SLICE("handle"),
				 SLICE("user19990@example.org") },
			     NOW + 19999),
	    FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_until_it_expires, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_what_others_wrote, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_it_does_not_grow_for_ever, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
