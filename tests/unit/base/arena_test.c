/* SPDX-License-Identifier: ISC */
#include "base/arena.h"

#include "tests/unit.h"

#include <stdalign.h>
#include <string.h>

#include "base/mem.h"

/* Pieces are zeroed, aligned, apart from each other, and stay. */
static void
test_pieces(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 100, 3999, 4000, 4001,
		65536, 3 };
	char *p[ARRAY_LEN(sizes) * 4];
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(p); i++) {
		const size_t n = sizes[i % ARRAY_LEN(sizes)];

		p[i] = arena_alloc(&a, n);
		assert_int_equal((uintptr_t)p[i] % alignof(max_align_t), 0);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(p[i][k], 0);
		memset(p[i], (int)i + 1, n);
	}
	for (size_t i = 0; i < ARRAY_LEN(p); i++)
		for (size_t k = 0; k < sizes[i % ARRAY_LEN(sizes)]; k++)
			assert_int_equal(p[i][k], i + 1);
	arena_fini(&a);
	assert_int_equal(a.used_bytes, 0);
}

static void
test_reset(void **state)
{
	static const size_t first[] = { 10, 4000, 5000 };
	struct arena a;

	(void)state;
	arena_init(&a);
	arena_reset(&a);
	for (size_t i = 0; i < ARRAY_LEN(first); i++) {
		memset(arena_alloc(&a, first[i]), 0xff, first[i]);
		memset(arena_alloc(&a, 3000), 0xff, 3000);
		assert_true(a.used_bytes >= first[i] + 3000);
		arena_reset(&a);
		assert_int_equal(a.used_bytes, 0);
		const char *p = arena_alloc(&a, 4000);
		for (size_t k = 0; k < 4000; k++)
			assert_int_equal(p[k], 0);
		arena_reset(&a);
	}
	arena_fini(&a);
}

static void
test_copies(void **state)
{
	struct arena a;
	char text[] = "some text";
	struct slice s;

	(void)state;
	arena_init(&a);
	s = arena_slice(&a, slice_str(text));
	text[0] = 'X';
	assert_true(slice_is(s, "some text"));
	assert_int_equal(s.p[s.n], '\0');
	assert_string_equal(arena_str(&a, SLICE("abc")), "abc");
	s = arena_slice(&a, (struct slice){ 0 });
	assert_int_equal(s.n, 0);
	assert_string_equal(arena_str(&a, (struct slice){ 0 }), "");
	arena_fini(&a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
