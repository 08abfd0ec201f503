/* SPDX-License-Identifier: ISC */
#include "sieverun/stretches.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

enum { LARGE = 300000 };

static struct buf message;

static void
add_large(struct buf *b, unsigned seed)
{
	for (unsigned i = 0; i < LARGE; i++)
		buf_addc(b, (char)('a' + (i * 7919 + seed) / 13 % 26));
}

/* Whatever LIST says is what BODY has. */
static void
check(struct slice body, const struct body_stretch *list, size_t n)
{
	const struct slice m = buf_slice(&message);
	size_t at = 0;

	assert_true(n <= STRETCHES_MAX);
	for (size_t i = 0; i < n; i++) {
		const struct slice s = list[i].bytes;

		assert_true(s.n > 0 && s.p == body.p + at);
		if (list[i].from != -1)
			assert_true(slice_eq(
			    s, slice_sub(m, (size_t)list[i].from, s.n)));
		at += s.n;
	}
	assert_int_equal(at, body.n);
}

static void
test_bodies(void **state)
{
	/* clang-format off */
	static const struct {
		const char *before;
		size_t from, size;
		const char *within;
		size_t from2, size2;
		size_t n, said; /* stretches; bytes that are said */
	} rows[] = {
		{ "", 0, 0, "", 0, 0, 0, 0 },
		{ "short", 0, 0, "", 0, 0, 1, 5 },
		{ "", 9, 2 * LARGE, "", 0, 0, 1, 0 },               /* all of it */
		{ "--a\r\n", 0, 2 * LARGE + 9, "--a--\r\n", 0, 0, 3, 12 }, /* enclosed */
		{ "", 9, LARGE, "<new>", 9 + LARGE + 100, LARGE - 100, 3, 5 }, /* a part replaced */
		{ "new", 9 + LARGE, LARGE, "", 0, 0, 2, 3 },
		{ "", 9, LARGE, "new", 0, 0, 2, 3 },
		{ "", 9, 1000, "new", 0, 0, 1, 1003 },              /* not worth it */
	};
	/* clang-format on */

	(void)state;
	buf_init(&message, 4 * LARGE);
	buf_adds(&message, "A: bcde\n\n");
	add_large(&message, 0);
	add_large(&message, 5);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice m = buf_slice(&message);
		struct body_stretch list[STRETCHES_MAX];
		struct buf body = { .max = 8 * LARGE };
		size_t n, said = 0;

		buf_adds(&body, rows[i].before);
		buf_add(&body, slice_sub(m, rows[i].from, rows[i].size));
		buf_adds(&body, rows[i].within);
		buf_add(&body, slice_sub(m, rows[i].from2, rows[i].size2));
		n = stretches_find(buf_slice(&body), m, list);
		check(buf_slice(&body), list, n);
		for (size_t k = 0; k < n; k++)
			said += list[k].from == -1 ? list[k].bytes.n : 0;
		if (n != rows[i].n || said != rows[i].said)
			fail_msg(
			    "row %zu: %zu stretches, %zu said", i, n, said);
		buf_fini(&body);
	}
	buf_fini(&message);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_bodies) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
