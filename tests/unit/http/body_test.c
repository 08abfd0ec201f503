/* SPDX-License-Identifier: ISC */
/* Content of requests, as it comes in whole and in pieces. */
#include "tests/unit.h"

#include "http/body.h"

#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "http/request.h"

/* clang-format off */
static const struct {
	const char *in;
	const char *content; /* NULL: it is broken */
	const char *rest;    /* what is behind it */
} rows[] = {
	{ "0\r\n\r\n", "", "" },
	{ "3\r\nabc\r\n0\r\n\r\nGET", "abc", "GET" },
	{ "3\r\nabc\r\n1\r\nd\r\n000\r\n\r\n", "abcd", "" },
	{ "a;x=\"y\";z\r\n0123456789\r\n0 ;e\r\nX: y\r\nZ:\r\n\r\nmore", "0123456789", "more" },
	{ "A\r\n\r\n\r\n345678\r\n0\r\n\r\n", "\r\n\r\n345678", "" },
	{ "\r\n", NULL, NULL },
	{ "3\nabc\r\n0\r\n\r\n", NULL, NULL },
	{ "g\r\n", NULL, NULL },
	{ "-1\r\n", NULL, NULL },
	{ "0x3\r\nabc\r\n", NULL, NULL },
	{ " 3\r\nabc\r\n", NULL, NULL },
	{ "3 3\r\nabc\r\n", NULL, NULL },
	{ "3;\x01\r\nabc\r\n", NULL, NULL },
	{ "3;a\rb\r\nabc\r\n", NULL, NULL },
	{ "3\r\nabcd\r\n0\r\n\r\n", NULL, NULL },
	{ "3\r\nabc\n0\r\n\r\n", NULL, NULL },
	{ "3\r\nabc\rX0\r\n\r\n", NULL, NULL },
	{ "ffffffffffffffff\r\n", NULL, NULL },
	{ "10000000000000000\r\n", NULL, NULL },
	{ "0\r\nX\r\n\r\n", NULL, NULL },
	{ "0\r\nX : y\r\n\r\n", NULL, NULL },
	{ "0\r\n\n", NULL, NULL },
};
/* clang-format on */

/* What of IN is content, told STEP bytes at a time; bytes that were taken. */
static size_t
take(struct http_body *b, struct slice in, size_t step, struct buf *content)
{
	size_t used = 0;

	for (size_t n = step; used < in.n; n += step) {
		struct slice data;
		size_t took;

		n = n < in.n ? n : in.n;
		do {
			took = http_body_take(
			    b, slice_from(slice_sub(in, 0, n), used), &data);
			buf_add(content, data);
			used += took;
		} while (took > 0);
		if (n == in.n || b->state == HTTP_BODY_DONE ||
		    b->state == HTTP_BODY_BROKEN)
			break;
	}
	return used;
}

static void
test_chunked(void **state)
{
	const struct http_request r = { .chunked = true };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t step = 1; step < 64; step++) {
			const struct slice in = slice_str(rows[i].in);
			struct buf content = { .max = 100 };
			struct http_body b;
			size_t used;

			http_body_init(&b, &r);
			used = take(&b, in, step, &content);
			if (rows[i].content == NULL) {
				assert_int_equal(b.state, HTTP_BODY_BROKEN);
			} else {
				assert_int_equal(b.state, HTTP_BODY_DONE);
				assert_string_equal(
				    buf_cstr(&content), rows[i].content);
				assert_true(slice_is(
				    slice_from(in, used), rows[i].rest));
			}
			buf_fini(&content);
		}
}

static void
test_length(void **state)
{
	const struct http_request r = { .length = 5 }, none = { .length = 0 };
	struct buf content = { .max = 100 };
	struct http_body b;

	(void)state;
	http_body_init(&b, &r);
	assert_int_equal(take(&b, SLICE("abc"), 2, &content), 3);
	assert_int_equal(b.state, HTTP_BODY_LENGTH);
	assert_int_equal(take(&b, SLICE("defgh"), 8, &content), 2);
	assert_int_equal(b.state, HTTP_BODY_DONE);
	assert_string_equal(buf_cstr(&content), "abcde");
	http_body_init(&b, &none);
	assert_int_equal(b.state, HTTP_BODY_DONE);
	buf_fini(&content);
}

static void
test_endless(void **state)
{
	const struct http_request r = { .chunked = true };
	struct buf in = { .max = 1 << 20 }, content = { .max = 100 };
	struct http_body b;

	(void)state;
	/* a line */
	buf_adds(&in, "1;");
	for (size_t i = 0; i < 2000; i++)
		buf_addc(&in, 'x');
	http_body_init(&b, &r);
	(void)take(&b, buf_slice(&in), 100, &content);
	assert_int_equal(b.state, HTTP_BODY_BROKEN);
	/* trailers */
	buf_reset(&in);
	buf_adds(&in, "0\r\n");
	for (size_t i = 0; i < 2000; i++)
		buf_adds(&in, "X: y\r\n");
	http_body_init(&b, &r);
	(void)take(&b, buf_slice(&in), 100, &content);
	assert_int_equal(b.state, HTTP_BODY_BROKEN);
	buf_fini(&in);
	buf_fini(&content);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chunked),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
