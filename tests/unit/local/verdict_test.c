/* SPDX-License-Identifier: ISC */
#include "local/script/verdict.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "ipc/msg.h"
#include "maildir/filename.h"

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
	ok = verdict_add(
	    v, &a, in, SLICE("A: b\r\n\r\n"), slice_str(body), SIZE);
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
	assert_true(verdict_add(&v, &a, &in, SLICE(""), SLICE(""), SIZE));
	assert_int_equal(v.actions[0].flags, MSG_SEEN | MSG_FLAGGED);
	assert_true(slice_is(v.actions[0].keywords, "$x Y"));
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
