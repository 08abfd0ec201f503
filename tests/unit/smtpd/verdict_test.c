/* SPDX-License-Identifier: ISC */
#include "smtpd/judge/verdict.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"

/* Whatever another daemon says, the client gets lines of the right class: all
 * of them begin with the codes of the first (smtpd_reply). */
static void
test_read(void **state)
{
	static const struct {
		uint32_t action, code;
		const char *enhanced, *text, *reply;
	} rows[] = {
		{ POLICY_ACCEPT, 550, "5.7.1", "no", "" },
		{ POLICY_QUARANTINE, 550, "5.7.1", "no", "" },
		{ POLICY_HOLD, 550, "5.7.1", "no", "" },
		{ POLICY_DISCARD, 550, "5.7.1", "no", "" },
		{ POLICY_REFUSE, 554, "5.7.23", "no", "554 5.7.23 no" },
		{ POLICY_REFUSE, 0, "", "",
		    "550 5.7.1 Rejected by local policy" },
		{ POLICY_REFUSE, 250, "2.0.0", "ok", "550 5.7.1 ok" },
		{ POLICY_REFUSE, 450, "4.7.1", "x", "550 5.7.1 x" },
		{ POLICY_REFUSE, 550, "5.7.1 x", "x", "550 5.7.1 x" },
		{ POLICY_REFUSE, 550, "5.7.", "x", "550 5.7.1 x" },
		{ POLICY_REFUSE, 550, "5.7.1.1", "x", "550 5.7.1 x" },
		{ POLICY_REFUSE, 550, "5.7.1234", "x", "550 5.7.1 x" },
		{ POLICY_REFUSE, 550, "57.1.1", "x", "550 5.7.1 x" },
		{ POLICY_REFUSE, 550, "5.7.1", "a\r\n250 b\xc3\xa4",
		    "550 5.7.1 a?\n250 b??" },
		{ POLICY_DEFER, 0, "", "", "451 4.7.1 Try again later" },
		{ POLICY_DEFER, 421, "4.7.24", "x", "451 4.7.24 x" },
		{ POLICY_DEFER, 550, "5.7.1", "x", "451 4.7.1 x" },
		{ POLICY_ACTION_COUNT, 250, "2.0.0", "x", "451 4.7.1 x" },
		{ 0xffffffff, 250, "2.0.0", "x", "451 4.7.1 x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct smtpd_verdict v = { .action = POLICY_ACCEPT };

		smtpd_verdict_read(&v, rows[i].action, rows[i].code,
		    slice_str(rows[i].enhanced), slice_str(rows[i].text),
		    SLICE(""));
		assert_string_equal(v.reply, rows[i].reply);
		assert_int_equal(
		    smtpd_verdict_ends(&v), rows[i].reply[0] != '\0');
		buf_fini(&v.front);
	}
}

static void
test_long_text(void **state)
{
	char text[2000];
	struct smtpd_verdict v = { .action = POLICY_ACCEPT };

	(void)state;
	memset(text, 'x', sizeof text);
	smtpd_verdict_read(&v, POLICY_REFUSE, 550, SLICE("5.777.777"),
	    slice_of(text, sizeof text), SLICE(""));
	assert_true(strlen(v.reply) > 400);
	assert_int_equal(v.reply[strlen(v.reply) - 1], 'x');
	buf_fini(&v.front);
}

static void
say(struct smtpd_verdict *v, enum policy_action action, const char *text,
    const char *front)
{
	struct smtpd_verdict other = { .action = POLICY_ACCEPT };

	smtpd_verdict_read(
	    &other, action, 0, SLICE(""), slice_str(text), slice_str(front));
	smtpd_verdict_merge(v, &other);
	smtpd_verdict_fini(&other);
}

static void
test_merge(void **state)
{
	struct smtpd_verdict v = { .action = POLICY_ACCEPT };

	(void)state;
	say(&v, POLICY_QUARANTINE, "", "A: 1\r\n");
	assert_true(v.junk && !v.hold);
	say(&v, POLICY_HOLD, "", "no field");
	assert_true(v.junk && v.hold);
	say(&v, POLICY_DEFER, "one", "B: 2\r\n\t3\r\n");
	assert_string_equal(v.reply, "451 4.7.1 one");
	say(&v, POLICY_DEFER, "two", "C: 1\r\n\r\nbody");
	assert_string_equal(v.reply, "451 4.7.1 one");
	say(&v, POLICY_ACCEPT, "", "");
	assert_string_equal(v.reply, "451 4.7.1 one");
	say(&v, POLICY_REFUSE, "3", "");
	assert_string_equal(v.reply, "550 5.7.1 3");
	assert_true(slice_is(buf_slice(&v.front), "A: 1\r\nB: 2\r\n\t3\r\n"));
	smtpd_verdict_fini(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
