/* SPDX-License-Identifier: ISC */
#include "qmgr/run/share.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "queue/envelope.h"
#include "tests/unit/qmgr/frame.h"

enum { LIMIT = 1000 };

static void
test_share(void **state)
{
	const struct envelope much = { .sender = SLICE("much@a.test") };
	const struct envelope same = { .login = SLICE("other@a.test"),
		.sender = SLICE("much@a.test") };

	(void)state;
	for (size_t i = 0; i < LIMIT / 100; i++) {
		assert_true(share_has_room(&much, LIMIT));
		share_add(&much);
	}
	/* who has a hundredth waits; who logged in is another */
	assert_false(share_has_room(&much, LIMIT));
	assert_true(share_has_room(&same, LIMIT));
	assert_true(share_has_room(&same, LIMIT + LIMIT / 10 - 1));
	assert_false(share_has_room(&same, LIMIT + LIMIT / 10));
	share_del(&much);
	assert_true(share_has_room(&much, LIMIT));
	for (size_t i = 1; i < LIMIT / 100; i++)
		share_del(&much);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_share),
	};

	frame_conf("active_limit = 1000\n");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
