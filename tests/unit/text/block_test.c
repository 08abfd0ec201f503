/* SPDX-License-Identifier: ISC */
#include "text/block.h"

#include "tests/unit.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/fd.h"

enum { SIZE = 200000 };

static char
byte_at(size_t i)
{
	return (char)(i * 7 + i / 251);
}

static int
make_file(void)
{
	const int fd = memfd_create("block", MFD_CLOEXEC);
	char *text = xmalloc(SIZE);
	struct err err;

	for (size_t i = 0; i < SIZE; i++)
		text[i] = byte_at(i);
	assert_int_equal(fd_write_all(fd, slice_of(text, SIZE), &err), 0);
	xfree(&text);
	return fd;
}

static void
test_reads(void **state)
{
	/* In this order: within what is held, over its end, back, all. */
	static const struct {
		uint64_t off;
		size_t n;
	} rows[] = { { 0, 1 }, { 10, 100 }, { 65530, 6 }, { 65530, 7 },
		{ 131000, 2000 }, { 5, 5 }, { SIZE - 1, 1 }, { SIZE, 0 },
		{ 100, 0 }, { 0, SIZE }, { 77777, 50000 }, { SIZE - 3, 3 } };
	const int fd = make_file();
	struct block b;
	struct err err;

	(void)state;
	block_init(&b, fd, SIZE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice s;

		assert_int_equal(
		    block_get(&b, rows[i].off, rows[i].n, &s, &err), 0);
		assert_int_equal(s.n, rows[i].n);
		for (size_t k = 0; k < s.n; k++)
			assert_int_equal(
			    s.p[k], byte_at((size_t)rows[i].off + k));
	}
	block_fini(&b);
	close(fd);
}

/* A file that is shorter than its size is an error, and the next read does not
 * give what it left. */
static void
test_short_file(void **state)
{
	const int fd = make_file();
	struct block b;
	struct slice s;
	struct err err;

	(void)state;
	block_init(&b, fd, 2 * SIZE);
	assert_int_equal(block_get(&b, SIZE - 10, 10, &s, &err), -1);
	assert_int_equal(err.class, ERR_TEMP);
	assert_int_equal(block_get(&b, 0, 10, &s, &err), 0);
	assert_int_equal(block_get(&b, SIZE + 5, 1, &s, &err), -1);
	block_fini(&b);
	close(fd);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_short_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
