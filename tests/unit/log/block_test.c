/* SPDX-License-Identifier: ISC */
/* The records of a log's index: what is in a block is found, and a record that
 * is not whole is none. */
#include "log/block.h"

#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static struct log_block block, read_back;
static char record[LOG_BLOCK_RECORD];

static struct slice
line_of(int second, unsigned id)
{
	static char text[200];
	const int n = snprintf(text, sizeof text,
	    "2026-11-20T21:15:%02d.953076Z qmgr[7] info: x to=u%u@x.test\n",
	    second, id);

	return slice_of(text, (size_t)n);
}

static uint64_t
key_of(unsigned id)
{
	char text[40];
	uint64_t hash;

	snprintf(text, sizeof text, "U%u@X.test", id);
	assert_true(log_key(slice_str(text), &hash));
	return hash;
}

/* A block with the keys 0 to n-1, full where it is. */
static unsigned
fill(void)
{
	unsigned n = 0;

	log_block_begin(&block, 12345);
	while (!log_block_full(&block))
		assert_true(log_block_add(&block, line_of(30, n++)));
	return n;
}

/* Every key that is there is found; of others, few. */
static void
test_filter(void **state)
{
	const unsigned n = fill();
	unsigned wrong = 0;

	(void)state;
	assert_in_range(n, LOG_BLOCK_KEYS, LOG_BLOCK_KEYS * 101 / 100);
	for (unsigned i = 0; i < n; i++)
		assert_true(log_block_may_have(&block, key_of(i)));
	for (unsigned i = n; i < 200000; i++)
		wrong += log_block_may_have(&block, key_of(i));
	assert_in_range(wrong, 0, 20);
}

/* One key many times is one key; then the length fills the block. */
static void
test_full_by_length(void **state)
{
	uint64_t length = 0;

	(void)state;
	log_block_begin(&block, 0);
	while (!log_block_full(&block)) {
		const struct slice line = line_of(30, 7);

		assert_true(log_block_add(&block, line));
		length += line.n;
	}
	assert_int_equal(block.keys, 1);
	assert_int_equal(block.length, length);
	assert_in_range(length, LOG_BLOCK_BYTES, LOG_BLOCK_BYTES + 200);
}

static void
test_times(void **state)
{
	(void)state;
	log_block_begin(&block, 0);
	assert_false(log_block_add(&block, SLICE("<6>qmgr[7] info: x\n")));
	assert_int_equal(block.length, 0);
	assert_true(log_block_add(&block, line_of(30, 1)));
	assert_true(log_block_add(&block, line_of(50, 1)));
	assert_true(log_block_add(&block, line_of(10, 1)));
	assert_memory_equal(block.first + 17, "30.953076Z", 10);
	assert_memory_equal(block.earliest + 17, "10.953076Z", 10);
	assert_memory_equal(block.latest + 17, "50.953076Z", 10);
}

static void
test_record(void **state)
{
	(void)state;
	fill();
	log_block_put(&block, record);
	assert_true(log_block_get(&read_back, record));
	assert_int_equal(read_back.offset, 12345);
	assert_int_equal(read_back.length, block.length);
	assert_int_equal(read_back.keys, block.keys);
	assert_memory_equal(read_back.first, block.first, LOG_TIME_BYTES);
	assert_memory_equal(read_back.earliest, block.earliest, LOG_TIME_BYTES);
	assert_memory_equal(read_back.latest, block.latest, LOG_TIME_BYTES);
	assert_memory_equal(read_back.filter, block.filter, LOG_BLOCK_FILTER);
}

/* No bit of it can be another one. */
static void
test_corrupt(void **state)
{
	static const char zeroes[LOG_BLOCK_RECORD];

	(void)state;
	fill();
	log_block_put(&block, record);
	for (size_t bit = 0; bit < LOG_BLOCK_RECORD * 8; bit++) {
		record[bit / 8] ^= (char)(1 << bit % 8);
		assert_false(log_block_get(&read_back, record));
		record[bit / 8] ^= (char)(1 << bit % 8);
	}
	for (size_t n = 0; n < LOG_BLOCK_RECORD; n += 61) {
		char part[LOG_BLOCK_RECORD] = { 0 };

		memcpy(part, record, n);
		assert_false(log_block_get(&read_back, part));
	}
	assert_false(log_block_get(&read_back, zeroes));
	assert_true(log_block_get(&read_back, record));
}

/* Records that are whole and say what cannot be. */
static void
test_nonsense(void **state)
{
	/* clang-format off */
	static const struct {
		uint64_t offset, length;
		const char *first;
		bool good;
	} rows[] = {
		{ 0, 1,                    "2026-11-20T21:15:54.953076Z", true },
		{ 0, 0,                    "2026-11-20T21:15:54.953076Z", false },
		{ UINT64_MAX, 1,           "2026-11-20T21:15:54.953076Z", false },
		{ 1, UINT64_MAX,           "2026-11-20T21:15:54.953076Z", false },
		{ 1, INT64_MAX,            "2026-11-20T21:15:54.953076Z", false },
		{ 0, INT64_MAX,            "2026-11-20T21:15:54.953076Z", true },
		{ 0, 1,                    "2026-11-20T21:15:54.953076+", false },
	};
	/* clang-format on */

	(void)state;
	fill();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		block.offset = rows[i].offset;
		block.length = rows[i].length;
		memcpy(block.first, rows[i].first, LOG_TIME_BYTES);
		log_block_put(&block, record);
		assert_int_equal(
		    log_block_get(&read_back, record), rows[i].good);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_full_by_length),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_corrupt),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
