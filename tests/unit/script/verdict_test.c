/* SPDX-License-Identifier: ISC */
#include "script/verdict.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "ipc/msg.h"
#include "maildir/filename.h"
#include "script/pieced.h"
#include "script/range.h"

enum { SIZE = 1000 };

#define KEEP     .kind = SIEVE_KEEP, .body_from = -1
#define FILEINTO .kind = SIEVE_FILEINTO, .body_from = -1
#define REDIRECT                                                               \
	.kind = SIEVE_REDIRECT, .edited = true, .to = SLICE("a@b.c\n"),        \
	.body_from = -1

static char long_name[1001 + 1];

static bool
add(struct verdict *v, const struct msg_sieve_action *in, const char *body)
{
	struct arena a;
	bool ok;

	arena_init(&a);
	ok = verdict_add(v, &a, in,
	    &(struct verdict_bytes){
		.head = SLICE("A: b\r\n\r\n"), .body = slice_str(body) },
	    SIZE);
	arena_fini(&a);
	return ok;
}

static void
test_what_a_run_can_come_to(void **state)
{
	const struct msg_sieve_action good[] = {
		{ KEEP },
		{ KEEP, .flags = SLICE("\\Seen $Label1") },
		{ FILEINTO, .mailbox = SLICE("Work/\xc3\xa4") },
		{ FILEINTO, .mailbox = SLICE("x"), .edited = true },
		{ .kind = SIEVE_KEEP, .edited = true, .body_from = SIZE },
		{ REDIRECT },
		{ .kind = SIEVE_REJECT,
		    .text = SLICE("a\nb"),
		    .body_from = -1 },
	};
	struct verdict v = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(add(&v, &good[i], ""));
	assert_int_equal(v.n, ARRAY_LEN(good));
}

static void
test_what_it_cannot(void **state)
{
	const struct msg_sieve_action bad[] = {
		{ .kind = SIEVE_NOTIFY + 1, .body_from = -1 },
		{ .kind = UINT32_MAX, .body_from = -1 },
		{ .kind = SIEVE_DISCARD, .body_from = -1 },
		{ FILEINTO },
		{ FILEINTO, .mailbox = SLICE("a\nb") },
		{ FILEINTO, .mailbox = SLICE("a\0b") },
		{ FILEINTO, .mailbox = SLICE("\xff") },
		{ FILEINTO, .mailbox = { long_name, 1001 } },
		{ FILEINTO, .mailbox = SLICE("a"), .mailbox_id = SLICE("\r") },
		{ FILEINTO, .mailbox = SLICE("a"),
		    .special_use = SLICE("\x7f") },
		{ .kind = SIEVE_KEEP, .edited = true, .body_from = -2 },
		{ .kind = SIEVE_KEEP, .edited = true, .body_from = SIZE + 1 },
		{ .kind = SIEVE_REDIRECT, .edited = true, .body_from = -1 },
		{ .kind = SIEVE_REDIRECT,
		    .to = SLICE("a@b.c\n"),
		    .body_from = -1 },
		{ .kind = SIEVE_REJECT,
		    .text = SLICE("\xc3"),
		    .body_from = -1 },
		{ .kind = SIEVE_REJECT,
		    .text = { long_name, 1001 },
		    .body_from = -1 },
		{ REDIRECT, .handle = { long_name, 1001 } },
		{ REDIRECT, .seconds = UINT32_MAX },
	};
	struct verdict v = { 0 };

	(void)state;
	memset(long_name, 'x', sizeof long_name - 1);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(add(&v, &bad[i], ""));
		assert_int_equal(v.n, 0);
	}
	/* A body of its own and the message's as well. */
	assert_false(add(&v,
	    &(struct msg_sieve_action){
		.kind = SIEVE_KEEP, .edited = true, .body_from = 0 },
	    "body"));
}

static void
test_no_more_than_there_may_be(void **state)
{
	const struct msg_sieve_action keep = { KEEP };
	struct verdict v = { 0 };

	(void)state;
	for (size_t i = 0; i < SIEVE_ACTIONS_MAX; i++)
		assert_true(add(&v, &keep, ""));
	assert_false(add(&v, &keep, ""));
	assert_int_equal(v.n, SIEVE_ACTIONS_MAX);
}

static void
test_flags(void **state)
{
	const struct msg_sieve_action in = { KEEP,
		.flags = SLICE(
		    "\\seen \\Flagged \\Recent a(b $x \xc3\xa4 {3} Y z]") };
	struct verdict v = { 0 };
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_true(
	    verdict_add(&v, &a, &in, &(struct verdict_bytes){ 0 }, SIZE));
	assert_int_equal(v.actions[0].flags, MSG_SEEN | MSG_FLAGGED);
	assert_true(slice_is(v.actions[0].keywords, "$x Y"));
	arena_fini(&a);
}

/* Of a message of 1000 bytes. */
static void
test_stretches_of_the_message(void **state)
{
	/* clang-format off */
	static const struct {
		struct script_range r[2];
		size_t n;
		bool ok;
	} rows[] = {
		{ { { 0, 0, 1000 } }, 1, true },
		{ { { 4, 999, 1 } }, 1, true },
		{ { { 2, 10, 100 }, { 2, 10, 100 } }, 2, true },
		{ { { 0, 0, 1001 } }, 1, false },
		{ { { 0, 1, 1000 } }, 1, false },
		{ { { 0, 1001, 1 } }, 1, false },
		{ { { 0, -1, 1 } }, 1, false },
		{ { { 0, 0, 0 } }, 1, false },
		{ { { 0, 0, -1 } }, 1, false },
		{ { { 0, 1, INT64_MAX } }, 1, false },
		{ { { 5, 0, 1 } }, 1, false },
		{ { { 3, 0, 1 }, { 2, 0, 1 } }, 2, false },
	};
	/* clang-format on */
	const struct msg_sieve_action keep = { KEEP, .edited = true };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct verdict v = { 0 };
		struct verdict_bytes b = { SLICE("A: b\n\n"), SLICE("body"),
			.ranges = rows[i].r, .nranges = rows[i].n };
		struct pieced_source source = { .fd = -1 };
		char message[SIZE], all[3 * SIZE];
		struct arena a;
		size_t n = 0;

		arena_init(&a);
		memset(message, 'm', sizeof message);
		source.bytes = slice_of(message, SIZE);
		if (verdict_add(&v, &a, &keep, &b, SIZE) != rows[i].ok)
			fail_msg("row %zu", i);
		if (rows[i].ok) {
			const struct pieced *p = v.actions[0].pieces;
			const size_t from = 6 + rows[i].r[0].at;

			for (size_t k = 0; k < rows[i].n; k++)
				n += (size_t)rows[i].r[k].size;
			assert_int_equal(p->size, 6 + 4 + n);
			assert_int_equal(pieced_read(p, &source, 0, all,
					     (size_t)p->size, NULL),
			    0);
			assert_memory_equal(all, "A: b\n\nbody", from);
			assert_memory_equal(all + from, message, n);
			assert_memory_equal(
			    all + from + n, &"A: b\n\nbody"[from], 10 - from);
			/* From anywhere on. */
			assert_int_equal(
			    pieced_read(p, &source, 5, all + 1500, n, NULL), 0);
			assert_memory_equal(all + 1500, all + 5, n);
		}
		arena_fini(&a);
	}
}

static void
test_what_is_sent_has_no_stretches(void **state)
{
	const struct script_range r = { .at = 0, .from = 0, .size = 1 };
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_false(verdict_add(&(struct verdict){ 0 }, &a,
	    &(struct msg_sieve_action){ REDIRECT },
	    &(struct verdict_bytes){ .ranges = &r, .nranges = 1 }, 1));
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_run_can_come_to),
		cmocka_unit_test(test_what_it_cannot),
		cmocka_unit_test(test_no_more_than_there_may_be),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_stretches_of_the_message),
		cmocka_unit_test(test_what_is_sent_has_no_stretches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
