/* SPDX-License-Identifier: ISC */
#include "mailread/body.h"

#include "tests/unit.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

/* What the whole is on the wire, the slow and obvious way. */
static void
to_wire(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n' && (i == 0 || s.p[i - 1] != '\r'))
			buf_addc(out, '\r');
		buf_addc(out, s.p[i] != '\0' ? s.p[i] : '\x80');
	}
}

static struct mime_span
span_of(struct slice s, size_t wire)
{
	return (struct mime_span){ .bytes = s.n, .crlf_bytes = wire };
}

/* Every range of every text, read in pieces of STEP bytes. */
static void
check_range(
    struct slice s, struct slice wire, size_t off, size_t len, size_t step)
{
	const struct mime_span span = span_of(s, wire.n);
	const struct slice want =
	    slice_sub(off < wire.n ? slice_from(wire, off) : SLICE(""), 0, len);
	struct buf got;
	struct body b;

	buf_init(&got, 1000);
	body_init(&b, -1, &span, off, len);
	assert_int_equal(b.left, want.n);
	while (b.left > 0) {
		const uint64_t before = b.left + b.skip;
		const uint64_t pos = b.pos;

		body_convert(
		    &b, slice_sub(slice_from(s, (size_t)b.pos), 0, step), &got);
		assert_true(b.left + b.skip < before || b.pos > pos);
	}
	assert_true(slice_eq(buf_slice(&got), want));
	buf_fini(&got);
}

static void
test_ranges(void **state)
{
	/* clang-format off */
	static const struct slice rows[] = {
		SLICE("a\nb\r\n\nc"), SLICE("a\r\nb\r\n"), SLICE("\n\n\n"),
		SLICE("\r\r\n\r"), SLICE("a\0b\n"), SLICE("\0"), SLICE("abc"),
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf wire;

		buf_init(&wire, 100);
		to_wire(rows[i], &wire);
		for (size_t off = 0; off <= wire.n + 1; off++)
			for (size_t len = 1; len <= wire.n + 1; len++)
				for (size_t step = 1; step <= rows[i].n; step++)
					check_range(rows[i], buf_slice(&wire),
					    off, len, step);
		buf_fini(&wire);
	}
}

/* Parts one behind the other, each from where the last one ended. */
static void
test_place(void **state)
{
	const struct slice s = SLICE("one\ntwo\n\nthree\r\nfour\n");
	struct body_place *place = NULL;
	struct mime_span span;
	struct buf wire;

	(void)state;
	buf_init(&wire, 100);
	to_wire(s, &wire);
	span = span_of(s, wire.n);
	for (size_t len = 1; len < 8; len++) {
		struct buf got;

		buf_init(&got, 100);
		for (size_t off = 0; off < wire.n; off += len) {
			struct body b;

			body_init(&b, -1, &span, off, len);
			body_place_use(place, 7, &b);
			if (off > 0)
				assert_int_equal(b.skip, 0);
			while (b.left > 0)
				body_convert(
				    &b, slice_from(s, (size_t)b.pos), &got);
			body_place_save(&place, 7, &b);
		}
		assert_true(slice_eq(buf_slice(&got), buf_slice(&wire)));
		buf_fini(&got);
		body_place_free(&place);
		assert_null(place);
	}
	buf_fini(&wire);
}

/* Another message or part, or a step back: from the start. */
static void
test_place_of_others(void **state)
{
	struct mime_span span = { .bytes = 10, .crlf_bytes = 12 };
	struct body_place *place = NULL;
	struct body b;

	(void)state;
	body_init(&b, -1, &span, 0, 4);
	b.wire = 4;
	b.pos = 3;
	b.left = 0;
	body_place_save(&place, 1, &b);
	body_init(&b, -1, &span, 6, 4);
	body_place_use(place, 2, &b);
	assert_int_equal(b.pos, 0);
	body_init(&b, -1, &span, 3, 4);
	body_place_use(place, 1, &b);
	assert_int_equal(b.pos, 0);
	span.off = 5;
	body_init(&b, -1, &span, 6, 4);
	body_place_use(place, 1, &b);
	assert_int_equal(b.pos, 0);
	span.off = 0;
	body_init(&b, -1, &span, 6, 4);
	body_place_use(place, 1, &b);
	assert_int_equal(b.pos, 3);
	assert_int_equal(b.skip, 2);
	body_place_free(&place);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_place_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
