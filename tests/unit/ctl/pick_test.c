/* SPDX-License-Identifier: ISC */
/* Which expunged messages are meant, and the times that people write. */
#include "ctl/mailbox/pick.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/when.h"
#include "store/keptlist.h"
#include "sys/clock.h"

static const struct ctl_command command = {
	.words = "mailbox deleted", .args = "", .summary = "", .details = ""
};
static const struct ctl ctl = { .command = &command };

static bool
wants(const char *uids, uint32_t uid)
{
	const struct kept_mailbox box = { .name = SLICE("INBOX") };
	const struct kept_message k = { .mailbox = &box, .uid = uid };
	struct pick p = { .uids = uids };

	assert_true(pick_parse(&p, &ctl));
	return pick_wants(&p, NULL, &k);
}

static void
test_uids(void **state)
{
	static const char *const bad[] = { "", "x", "0", "3:1", "1:", ":2",
		"1,", "1,,2", "1 2", "*", "4294967296", "1:0" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct pick p = { .uids = bad[i] };

		if (pick_parse(&p, &ctl) && strcmp(bad[i], "1,") != 0)
			fail_msg("\"%s\" was taken", bad[i]);
	}
	assert_true(wants("3", 3));
	assert_false(wants("3", 4));
	assert_true(wants("1,3:5", 5));
	assert_false(wants("1,3:5", 2));
	assert_true(wants("9:*", 4294967295u));
	assert_false(wants("9:*", 8));
}

static void
test_what(void **state)
{
	const struct kept_mailbox box = { .name = SLICE("A/B") };
	const struct kept_message k = {
		.mailbox = &box, .uid = 1, .expunged_s = 1764547200
	};
	struct pick p = { .folder = "A/B" };

	(void)state;
	assert_true(pick_parse(&p, &ctl));
	assert_false(pick_is_narrow(&p));
	assert_true(pick_wants(&p, NULL, &k));
	p.folder = "A";
	assert_false(pick_wants(&p, NULL, &k));
	p = (struct pick){ .since = "2025-12-01" };
	assert_true(pick_parse(&p, &ctl));
	assert_true(pick_is_narrow(&p));
	assert_true(pick_wants(&p, NULL, &k));
	p = (struct pick){ .before = "2025-12-01" };
	assert_true(pick_parse(&p, &ctl));
	assert_false(pick_wants(&p, NULL, &k));
}

static void
test_times(void **state)
{
	static const char *const bad[] = { "", "now", "5", "5x", "2026-13-01",
		"2026-1-1", "-5d", "2026-11-20_21:00" };
	int64_t t;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (when_parse(bad[i], &t))
			fail_msg("\"%s\" was taken", bad[i]);
	assert_true(when_parse("1970-01-02", &t));
	assert_int_equal(t, 86400);
	assert_true(when_parse("2026-11-20T21:00:05", &t));
	assert_int_equal(t, 1795208405);
	assert_true(when_parse("2d", &t));
	assert_in_range(clock_wall_s() - t, 2 * 86400, 2 * 86400 + 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uids),
		cmocka_unit_test(test_what),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
