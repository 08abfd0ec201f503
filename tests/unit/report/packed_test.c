/* SPDX-License-Identifier: ISC */
#include "report/packed.h"

#include "tests/unit.h"

#include "base/mem.h"

/* "hello", by Python's zipfile: deflated, stored, behind a directory, and as
 * a stream whose sizes stand behind it. */
static const char deflated[] = "PK\3\4\x14\0\0\0\x08\0\0\0\x21\0\x86\xa6\x10"
			       "\x36\x07\0\0\0\x05\0\0\0\x01\0\0\0x"
			       "\xcb\x48\xcd\xc9\xc9\x07\0";
static const char stored[] = "PK\3\4\x14\0\0\0\0\0\0\0\x21\0\x86\xa6\x10"
			     "\x36\x05\0\0\0\x05\0\0\0\x01\0\0\0xhello";
static const char beneath[] = "PK\3\4\x14\0\0\0\0\0\0\0\x21\0\0\0\0"
			      "\0\0\0\0\0\0\0\0\0\x02\0\0\0d/"
			      "PK\3\4\x14\0\0\0\0\0\0\0\x21\0\x86\xa6\x10"
			      "\x36\x05\0\0\0\x05\0\0\0\x01\0\0\0xhello";
static const char streamed[] = "PK\3\4\x14\0\x08\0\x08\0\0\0\x21\0\0\0\0"
			       "\0\0\0\0\0\0\0\0\0\x01\0\0\0x"
			       "\xcb\x48\xcd\xc9\xc9\x07\0PK\7\x08";
static const char encrypted[] = "PK\3\4\x14\0\x01\0\0\0\0\0\x21\0\x86\xa6\x10"
				"\x36\x05\0\0\0\x05\0\0\0\x01\0\0\0xhello";
static const char unknown[] = "PK\3\4\x14\0\0\0\x0c\0\0\0\x21\0\x86\xa6\x10"
			      "\x36\x05\0\0\0\x05\0\0\0\x01\0\0\0xhello";
static const char no_size[] = "PK\3\4\x14\0\x08\0\0\0\0\0\x21\0\0\0\0"
			      "\0\0\0\0\0\0\0\0\0\x01\0\0\0xhello";
static const char cut[] = "PK\3\4\x14\0\0\0\0\0\0\0\x21\0\x86\xa6\x10"
			  "\x36\x05\0\0\0\x05\0\0\0\x01\0\0\0xhel";

#define ROW(bytes)                                                             \
	{                                                                      \
		bytes, sizeof(bytes) - 1                                       \
	}

static void
test_opens(void **state)
{
	static const struct slice rows[] = { ROW("hello"), ROW(deflated),
		ROW(stored), ROW(beneath), ROW(streamed) };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = { .max = 100 };
		struct err err = { 0 };

		if (packed_open(rows[i], &out, &err) == -1)
			fail_msg("%zu: %s", i, err.text);
		assert_string_equal(buf_cstr(&out), "hello");
		buf_fini(&out);
		/* and in a room that is too small */
		out = (struct buf){ .max = 4 };
		assert_int_equal(packed_open(rows[i], &out, &err), -1);
		assert_int_equal(err.code, ERR_TOO_BIG);
		buf_fini(&out);
	}
}

static void
test_refuses(void **state)
{
	static const struct slice rows[] = { ROW(encrypted), ROW(unknown),
		ROW(no_size), ROW(cut), ROW("\x1f\x8b"),
		ROW("\x1f\x8b\x08\0\0\0\0\0\0\xff\xff"),
		ROW("PK\3\4\x14\0\0\0\0\0\0\0\x21\0\0\0\0"
		    "\0\0\0\0\0\0\0\0\0\x02\0\0\0d/") };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = { .max = 100 };
		struct err err = { 0 };

		if (packed_open(rows[i], &out, &err) != -1)
			fail_msg("%zu: taken", i);
		assert_int_equal(err.class, ERR_PERM);
		buf_fini(&out);
	}
}

/* A bomb: what it unpacks to is bounded by the room there is. */
static void
test_bomb(void **state)
{
	struct buf zeros = { .max = 8 << 20 }, packed = { .max = 1 << 20 };
	struct buf out = { .max = 1 << 20 };
	struct err err = { 0 };
	struct packed *p;

	(void)state;
	while (zeros.n < zeros.max)
		buf_addc(&zeros, '0');
	p = packed_begin();
	packed_add(p, slice_sub(buf_slice(&zeros), 0, 5), &packed);
	packed_add(p, slice_from(buf_slice(&zeros), 5), &packed);
	packed_end(&p, &packed);
	assert_null(p);
	assert_false(packed.failed);
	assert_true(packed.n < 20000);
	assert_int_equal(packed_open(buf_slice(&packed), &out, &err), -1);
	assert_int_equal(err.code, ERR_TOO_BIG);
	buf_fini(&out);
	out.max = zeros.max + 1;
	assert_int_equal(packed_open(buf_slice(&packed), &out, &err), 0);
	assert_true(slice_eq(buf_slice(&out), buf_slice(&zeros)));
	buf_fini(&out);
	buf_fini(&packed);
	buf_fini(&zeros);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opens),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_bomb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
