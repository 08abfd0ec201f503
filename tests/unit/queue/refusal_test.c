/* SPDX-License-Identifier: ISC */
#include "queue/refusal.h"

#include "tests/unit.h"

#include "base/arena.h"
#include "base/buf.h"

static void
test_all(void **state)
{
	struct buf out = { .max = REFUSAL_MAX_BYTES };
	struct arena arena;
	struct slice text, reason;

	(void)state;
	arena_init(&arena);
	refusal_put(&out, 1, SLICE("a\r\nb %"));
	refusal_put(&out, 12, SLICE("12 \xc3\xa4"));
	text = buf_slice(&out);
	assert_true(refusal_find(text, 1, &arena, &reason));
	assert_true(slice_is(reason, "a\r\nb %"));
	assert_true(refusal_find(text, 12, &arena, &reason));
	assert_true(slice_is(reason, "12 \xc3\xa4"));
	assert_false(refusal_find(text, 2, &arena, &reason));
	assert_false(refusal_find(SLICE(""), 0, &arena, &reason));
	assert_false(
	    refusal_find(SLICE("x 1\n 1\n-1 1\n"), 1, &arena, &reason));
	assert_false(refusal_find(SLICE("1 %zz\n"), 1, &arena, &reason));
	buf_fini(&out);
	arena_fini(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_all) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
