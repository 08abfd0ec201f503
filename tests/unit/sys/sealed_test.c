/* SPDX-License-Identifier: ISC */
#include "sys/sealed.h"

#include "tests/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "sys/fd.h"

static void
test_nobody_changes_it(void **state)
{
	struct buf text = { .max = 100 };
	struct err err;
	int fd = sealed_open(SLICE("as it was"), &err);

	(void)state;
	assert_int_not_equal(fd, -1);
	assert_int_equal(pwrite(fd, "X", 1, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 100), -1);
	assert_true(mmap(NULL, 4, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	assert_int_equal(fd_read_file(fd, &text, &err), 0);
	assert_true(slice_is(buf_slice(&text), "as it was"));
	buf_fini(&text);
	fd_close(&fd);
}

static void
test_empty(void **state)
{
	struct buf text = { .max = 100 };
	struct err err;
	int fd = sealed_open((struct slice){ NULL, 0 }, &err);

	(void)state;
	assert_int_equal(fd_read_file(fd, &text, &err), 0);
	assert_int_equal(text.n, 0);
	buf_fini(&text);
	fd_close(&fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_changes_it),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
