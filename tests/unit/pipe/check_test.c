/* SPDX-License-Identifier: ISC */
#include "pipe/check.h"

#include "tests/unit.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "sys/fd.h"

static const char before[] = "envelope\n";

/* A file that has CONTENT behind something else. */
static struct check
file_of(struct slice content)
{
	struct check c = { .file = memfd_create("message", MFD_CLOEXEC),
		.offset = sizeof before - 1,
		.size = (int64_t)content.n,
		.want = crc32c(0, content) };

	assert_int_not_equal(c.file, -1);
	assert_int_equal(fd_write_all(c.file, slice_str(before), NULL), 0);
	assert_int_equal(fd_write_all(c.file, content, NULL), 0);
	return c;
}

static enum check_result
run(struct check *c)
{
	struct err err = { 0 };
	enum check_result r;

	while ((r = check_step(c, &err)) == CHECK_MORE)
		continue;
	return r;
}

static void
test_checksum(void **state)
{
	static const size_t sizes[] = { 0, 1, 262143, 262144, 262145, 700000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char *bytes = xmalloc(sizes[i] + 1);
		struct check c, again;

		memset(bytes, 'x', sizes[i] + 1);
		c = again = file_of(slice_of(bytes, sizes[i]));
		assert_int_equal(run(&again), CHECK_GOOD);
		again = c;
		again.want ^= 1;
		assert_int_equal(run(&again), CHECK_DAMAGED);
		again = c;
		again.size++;
		assert_int_equal(run(&again), CHECK_DAMAGED);
		close(c.file);
		free(bytes);
	}
}

static void
test_one_bit(void **state)
{
	struct check c = file_of(SLICE("Subject: x\n\nHello\n"));

	(void)state;
	assert_int_equal(
	    pwrite(c.file, "J", 1, (off_t)(c.offset + c.size - 6)), 1);
	assert_int_equal(run(&c), CHECK_DAMAGED);
	close(c.file);
}

static void
test_unreadable(void **state)
{
	struct err err = { 0 };
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	struct check c = { .file = p[1], .size = 10 };
	assert_int_equal(check_step(&c, &err), CHECK_FAILED);
	assert_int_equal(err.class, ERR_TEMP);
	close(p[0]);
	close(p[1]);
}

static void
test_delivered_to(void **state)
{
	struct check c =
	    file_of(SLICE("Delivered-To: Bob@Example.ORG\r\n"
			  "Received: from x\r\n\tby y\r\n"
			  "delivered-to:\r\n <list@example.org>\r\n"
			  "Delivered-To: odd one\r\n"
			  "\r\n"
			  "Delivered-To: body@example.org\r\n"));
	struct arena arena;
	struct slice list;

	(void)state;
	arena_init(&arena);
	list = check_delivered_to(&c, &arena);
	assert_true(check_was_at(list, SLICE("bob@example.org")));
	assert_true(check_was_at(list, SLICE("list@example.org")));
	assert_true(check_was_at(list, SLICE("odd one")));
	assert_false(check_was_at(list, SLICE("body@example.org")));
	assert_false(check_was_at(list, SLICE("ob@example.org")));
	assert_false(check_was_at(SLICE(""), SLICE("bob@example.org")));
	arena_fini(&arena);
	close(c.file);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_one_bit),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_delivered_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
