/* SPDX-License-Identifier: ISC */
/* A key of the column is, byte by byte, that of the envelope. */
#include "mailsearch/sortkey.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "store/message.h"
#include "store/visit.h"

static const char *const envelopes[] = {
	"",
	"NIL",
	"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)",
	"(\"Mon, 30 Nov 2026 10:00:00 +0900\" \"Re: [list] Hello\" "
	"NIL NIL NIL NIL NIL NIL NIL NIL)",
	"(\"no date\" \"Fwd: h\xc3\xa9llo  W\xc3\xb6rld (fwd)\" "
	"NIL NIL NIL NIL NIL NIL NIL NIL)",
	"(NIL \"=?UTF-8?B?7ZWc6riA?= =?UTF-8?Q?=00a?=\" "
	"NIL NIL NIL NIL NIL NIL NIL NIL)",
	"(NIL {12}\r\na \"quoted\" b NIL NIL NIL NIL NIL NIL NIL NIL)",
};

static const struct sort_program programs[] = {
	{ .n = 1, .of = { { SORT_BY_SUBJECT, false } } },
	{ .n = 1, .of = { { SORT_BY_DATE, true } } },
	{ .n = 2,
	    .of = { { SORT_BY_SUBJECT, true }, { SORT_BY_SIZE, false } } },
	{ .n = 4,
	    .of = { { SORT_BY_ARRIVAL, false }, { SORT_BY_SUBJECT, false },
		{ SORT_BY_DATE, false }, { SORT_BY_SIZE, true } } },
};

static void
check(const struct sort_program *program, const struct message_info *info,
    struct slice envelope)
{
	struct buf want = { .max = SORTKEY_MAX }, got = { .max = SORTKEY_MAX },
		   column = { .max = MESSAGE_COLUMN_MAX };

	sortkey_put(
	    &want, program, info, envelope, (struct slice){ NULL, 0 }, 1);
	sortkey_column_put(&column, info, envelope, (struct slice){ NULL, 0 });
	assert_true(sortkey_column_key(&got, program, buf_slice(&column)));
	assert_int_equal(got.n, want.n);
	assert_memory_equal(got.p, want.p, want.n);
	buf_fini(&want);
	buf_fini(&got);
	buf_fini(&column);
}

static void
test_same_key(void **state)
{
	static const struct message_info infos[] = {
		{ .date_s = 1700000000, .vsize = 1234 },
		{ .date_s = -5, .sent_s = 99, .vsize = 0 },
	};

	(void)state;
	for (size_t p = 0; p < ARRAY_LEN(programs); p++)
		for (size_t i = 0; i < ARRAY_LEN(infos); i++)
			for (size_t e = 0; e < ARRAY_LEN(envelopes); e++)
				check(&programs[p], &infos[i],
				    slice_str(envelopes[e]));
}

/* A subject of any length is cut where the key is. */
static void
test_long_subject(void **state)
{
	struct buf envelope = { .max = 1 << 16 };
	const struct message_info info = { .vsize = 1 };

	(void)state;
	buf_adds(&envelope, "(NIL \"");
	for (int i = 0; i < 2000; i++)
		buf_adds(&envelope, "\xc3\xa4 b");
	buf_adds(&envelope, "\" NIL NIL NIL NIL NIL NIL NIL NIL)");
	check(&programs[0], &info, buf_slice(&envelope));
	check(&programs[3], &info, buf_slice(&envelope));
	buf_fini(&envelope);
}

/* What is no column of ours is told from one, at any length. */
static void
test_damaged(void **state)
{
	struct buf column = { .max = MESSAGE_COLUMN_MAX },
		   key = { .max = SORTKEY_MAX };
	const struct message_info info = { .vsize = 1 };

	(void)state;
	sortkey_column_put(
	    &column, &info, slice_str(envelopes[2]), (struct slice){ NULL, 0 });
	for (size_t n = 0; n < column.n; n++)
		assert_false(sortkey_column_key(
		    &key, &programs[0], slice_of(column.p, n)));
	memset(column.p, 0xff, column.n);
	assert_false(
	    sortkey_column_key(&key, &programs[0], buf_slice(&column)));
	buf_fini(&column);
	buf_fini(&key);
}

static void
test_which(void **state)
{
	const struct sort_program size = { .n = 1,
		.of = { { SORT_BY_SIZE, 0 } } };
	const struct sort_program from = { .n = 2,
		.of = { { SORT_BY_SUBJECT, 0 }, { SORT_BY_FROM, 0 } } };

	(void)state;
	assert_int_equal(sortkey_column(&programs[3]), SORTKEY_COLUMN);
	assert_int_equal(sortkey_column(&size), SORTKEY_COLUMN_READ);
	assert_int_equal(sortkey_column(&from), SORTKEY_NO_COLUMN);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_key),
		cmocka_unit_test(test_long_subject),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_which),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
