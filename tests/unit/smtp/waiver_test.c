/* SPDX-License-Identifier: ISC */
#include "smtp/route/waiver.h"

#include "tests/unit.h"

#include "base/mem.h"

static void
test_said(void **state)
{
	static const struct {
		const char *head;
		bool said;
	} rows[] = {
		{ "TLS-Required: No\r\n\r\n", true },
		{ "Subject: s\r\ntls-required:no\r\nX: y\r\n\r\n", true },
		{ "TLS-Required:\r\n No \r\n\r\n", true },
		{ "TLS-Required: No", true },
		{ "", false },
		{ "Subject: TLS-Required: No\r\n\r\n", false },
		{ "Subject: s\r\n TLS-Required: No\r\n\r\n", false },
		{ "X-TLS-Required: No\r\n\r\n", false },
		{ "TLS-Required: Yes\r\n\r\n", false },
		{ "TLS-Required:\r\n\r\n", false },
		{ "TLS-Required: No, really\r\n\r\n", false },
		{ "TLS-Required: No;\r\n\r\n", false },
		/* There may be one, and none counts where there are more. */
		{ "TLS-Required: No\r\nTLS-Required: No\r\n\r\n", false },
		{ "TLS-Required: No\r\nTLS-Required: x\r\n\r\n", false },
		/* It stands in the body. */
		{ "Subject: s\r\n\r\nTLS-Required: No\r\n", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (smtp_waiver_said(slice_str(rows[i].head)) != rows[i].said)
			fail_msg("%s", rows[i].head);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
