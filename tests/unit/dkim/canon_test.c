/* SPDX-License-Identifier: ISC */
#include "dkim/canon.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"

static void
test_fields(void **state)
{
	static const struct {
		const char *field, *simple, *relaxed;
	} rows[] = {
		/* RFC 6376 3.4.5 */
		{ "A: X\r\n", "A: X\r\n", "a:X\r\n" },
		{ "B : Y\t\r\n\tZ  \r\n", "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n" },
		/* folded right behind the colon */
		{ "Subject:\r\n  x\r\n", "Subject:\r\n  x\r\n",
		    "subject:x\r\n" },
		{ "Empty:\r\n", "Empty:\r\n", "empty:\r\n" },
		{ "Empty: \t \r\n", "Empty: \t \r\n", "empty:\r\n" },
		{ "Colon: a:b\n", "Colon: a:b\r\n", "colon:a:b\r\n" },
		{ "NoEnd: x", "NoEnd: x\r\n", "noend:x\r\n" },
		{ "Lf: a\n b\n", "Lf: a\r\n b\r\n", "lf:a b\r\n" },
	};
	struct buf out = { .max = 999 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&out);
		dkim_canon_field(DKIM_SIMPLE, slice_str(rows[i].field), &out);
		assert_string_equal(buf_cstr(&out), rows[i].simple);
		buf_reset(&out);
		dkim_canon_field(DKIM_RELAXED, slice_str(rows[i].field), &out);
		assert_string_equal(buf_cstr(&out), rows[i].relaxed);
	}
	buf_fini(&out);
}

static void
check_body(enum dkim_canon canon, struct slice body, const char *canonical)
{
	uint8_t want[DIGEST_MAX], got[32];

	digest_of(DIGEST_SHA256, slice_str(canonical), want);
	for (size_t chunk = 1; chunk <= body.n + 1; chunk++) {
		struct dkim_body b;

		dkim_body_begin(&b, canon);
		for (size_t at = 0; at < body.n; at += chunk)
			dkim_body_add(&b, slice_sub(body, at, chunk));
		dkim_body_end(&b, got);
		assert_int_equal(b.length, strlen(canonical));
		if (memcmp(want, got, 32) != 0)
			fail_msg(
			    "%.*s in pieces of %zu", SLICE_FMT(body), chunk);
	}
}

static void
test_bodies(void **state)
{
	static const struct {
		const char *body, *simple, *relaxed;
	} rows[] = {
		/* RFC 6376 3.4.5 */
		{ " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n",
		    " C\r\nD E\r\n" },
		{ "", "\r\n", "" },
		{ "\r\n\r\n\r\n", "\r\n", "" },
		{ "x", "x\r\n", "x\r\n" },
		{ "x\n\ny\n", "x\r\n\r\ny\r\n", "x\r\n\r\ny\r\n" },
		{ "x\r\n \t\r\n\r\n", "x\r\n \t\r\n", "x\r\n" },
		{ " \r\n\r\n \r\nx", " \r\n\r\n \r\nx\r\n",
		    "\r\n\r\n\r\nx\r\n" },
		{ "a\rb\r\n", "a\rb\r\n", "a\rb\r\n" },
		{ "a\r\r\n", "a\r\r\n", "a\r\r\n" },
		{ "a\r", "a\r\r\n", "a\r\r\n" },
		{ "a  \r", "a  \r\r\n", "a \r\r\n" },
		{ "\t a  b\t\n", "\t a  b\t\r\n", " a b\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_body(
		    DKIM_SIMPLE, slice_str(rows[i].body), rows[i].simple);
		check_body(
		    DKIM_RELAXED, slice_str(rows[i].body), rows[i].relaxed);
	}
}

/* More than its buffer holds. */
static void
test_large(void **state)
{
	struct buf body = { .max = 99999 }, canonical = { .max = 99999 };

	(void)state;
	for (int i = 0; i < 5000; i++) {
		buf_adds(&body, i % 100 == 0 ? "\n" : "a");
		buf_adds(&canonical, i % 100 == 0 ? "\r\n" : "a");
	}
	buf_adds(&canonical, "\r\n");
	for (int i = 0; i < DKIM_CANONS; i++) {
		uint8_t want[DIGEST_MAX], got[32];
		struct dkim_body b;

		dkim_body_begin(&b, (enum dkim_canon)i);
		dkim_body_add(&b, buf_slice(&body));
		dkim_body_end(&b, got);
		digest_of(DIGEST_SHA256, buf_slice(&canonical), want);
		assert_memory_equal(want, got, 32);
	}
	buf_fini(&body);
	buf_fini(&canonical);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
