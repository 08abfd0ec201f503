/* SPDX-License-Identifier: ISC */
#include "queue/job.h"

#include "tests/unit.h"

#include "base/mem.h"

static const struct job_rcpt rows[] = {
	{ .number = 0, .address = SLICE("bob@pabal.test") },
	{ .number = 4294967295U,
	    .address = SLICE("a b=c%@pabal.test"),
	    .account = SLICE("bob@pabal.test"),
	    .home = SLICE("pabal.test/bob"),
	    .extension = SLICE("tag\nwith newline"),
	    .quota_bytes = INT64_MAX,
	    .quota_messages = 12,
	    .orcpt = SLICE("rfc822;b"),
	    .notify = SLICE("NEVER"),
	    .target = SLICE("|cat >/dev/null 2>&1"),
	    .original = SLICE("list@pabal.test") },
	{ .number = 7, .address = SLICE("c@d"), .target = SLICE("x") },
};

static void
test_there_and_back(void **state)
{
	struct arena arena;
	struct buf b;
	struct slice text;

	(void)state;
	arena_init(&arena);
	buf_init(&b, 1000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		job_rcpt_format(&rows[i], &b);
	text = buf_slice(&b);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct job_rcpt r;

		assert_true(job_rcpt_parse(&text, &arena, &r));
		assert_int_equal(r.number, rows[i].number);
		assert_true(slice_eq(r.address, rows[i].address));
		assert_true(slice_eq(r.account, rows[i].account));
		assert_true(slice_eq(r.home, rows[i].home));
		assert_true(slice_eq(r.extension, rows[i].extension));
		assert_int_equal(r.quota_bytes, rows[i].quota_bytes);
		assert_int_equal(r.quota_messages, rows[i].quota_messages);
		assert_true(slice_eq(r.orcpt, rows[i].orcpt));
		assert_true(slice_eq(r.notify, rows[i].notify));
		assert_true(slice_eq(r.target, rows[i].target));
		assert_true(slice_eq(r.original, rows[i].original));
	}
	assert_int_equal(text.n, 0);
	buf_fini(&b);
	arena_fini(&arena);
}

/* A line that is no recipient is not the end: it stays in the text, also
 * when it is the last. */
static void
test_refused(void **state)
{
	/* clang-format off */
	static const char *const lines[] = {
		"\n", "x\n", "1\n", "1 \n", "-1 address=a\n", "1 a@b\n",
		"4294967296 address=a\n", "1 address=\n", "1 account=a\n",
		"1 address=a future=b\n", "1 address=%\n",
		"1 address=a quota=\n", "1 address=a quota=-1\n",
		"1 address=a quota=9223372036854775808\n",
		"1 address=a quota=5,\n", "1 address=a quota=5,-\n",
	};
	/* clang-format on */
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct slice text = slice_str(lines[i]);
		struct job_rcpt r;

		if (job_rcpt_parse(&text, &arena, &r))
			fail_msg("taken: %s", lines[i]);
		if (text.n == 0)
			fail_msg("passed for the end: %s", lines[i]);
	}
	arena_fini(&arena);
}

static void
test_status_names(void **state)
{
	enum job_status s;

	(void)state;
	for (unsigned i = 0; i <= JOB_EXPANDED; i++) {
		const char *name = job_status_name((enum job_status)i);

		assert_true(job_status_find(slice_str(name), &s));
		assert_int_equal(s, i);
	}
	assert_false(job_status_find(SLICE("?"), &s));
	assert_false(job_status_find(SLICE(""), &s));
	assert_string_equal(job_status_name((enum job_status)99), "?");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_status_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
