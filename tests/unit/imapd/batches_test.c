/* SPDX-License-Identifier: ISC */
#include "imapd/relay/batches.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

static void
add(struct batches *b, uint32_t from, uint32_t to)
{
	for (uint32_t uid = from; uid <= to; uid++)
		assert_true(batches_add(b, uid));
}

static void
assert_told(struct batches *b, const char *want)
{
	struct buf out;

	buf_init(&out, 1 << 16);
	batches_put_copyuid(b, &out);
	assert_string_equal(buf_cstr(&out), want);
	buf_fini(&out);
}

static void
test_ascends(void **state)
{
	struct batches b;

	(void)state;
	batches_init(&b);
	assert_false(batches_left(&b));
	assert_true(batches_add(&b, 5));
	assert_false(batches_add(&b, 5));
	assert_false(batches_add(&b, 4));
	assert_true(batches_add(&b, 7));
	assert_false(batches_several(&b));
	batches_next(&b);
	assert_false(batches_left(&b));
	/* only what was asked for, in order, once */
	assert_false(batches_read(&b, 4));
	assert_true(batches_read(&b, 5));
	assert_false(batches_read(&b, 5));
	assert_false(batches_read(&b, 6));
	assert_true(batches_read(&b, 7));
	assert_false(batches_read(&b, 7));
	assert_int_equal(b.nread, 2);
	batches_fini(&b);
}

static void
test_several(void **state)
{
	struct batches b;

	(void)state;
	batches_init(&b);
	add(&b, 1, 2 * BATCH_MAX + 1);
	assert_true(batches_several(&b));
	batches_next(&b);
	assert_int_equal(b.end - b.begin, BATCH_MAX);
	for (uint32_t uid = 1; uid <= BATCH_MAX; uid++)
		if (uid != 3)
			assert_true(batches_read(&b, uid));
	assert_false(batches_read(&b, BATCH_MAX + 1));
	assert_true(batches_written(&b, SLICE("OK [APPENDUID 9 11:1009] x")));
	/* all of the next are gone */
	batches_next(&b);
	assert_int_equal(b.nread, 0);
	assert_true(batches_left(&b));
	batches_next(&b);
	assert_false(batches_left(&b));
	assert_true(batches_read(&b, 2 * BATCH_MAX + 1));
	assert_true(batches_written(&b, SLICE("OK [APPENDUID 9 2000] x")));
	assert_told(&b, "[COPYUID 9 1:2,4:1000,2001 11:1009,2000]");
	assert_false(b.any);
	batches_fini(&b);
}

static void
test_refused(void **state)
{
	/* clang-format off */
	static const char *const rows[] = {
		"OK APPEND completed",
		"NO [APPENDUID 9 4:5] x",
		"OK [APPENDUID 9 4] x",
		"OK [APPENDUID 9 4:6] x",
		"OK [APPENDUID 9 5,4] x",
		"OK [APPENDUID 8 4:5] x", /* another mailbox by now */
		"OK [COPYUID 9 4:5] x",
	};
	/* clang-format on */
	struct batches b;

	(void)state;
	batches_init(&b);
	add(&b, 1, BATCH_MAX + 2);
	batches_next(&b);
	assert_true(batches_read(&b, 1));
	assert_true(batches_written(&b, SLICE("OK [APPENDUID 9 3] x")));
	batches_next(&b);
	assert_true(batches_read(&b, BATCH_MAX + 1));
	assert_true(batches_read(&b, BATCH_MAX + 2));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_false(batches_written(&b, slice_str(rows[i])));
	assert_told(&b, "[COPYUID 9 1 3]");
	batches_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ascends),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
