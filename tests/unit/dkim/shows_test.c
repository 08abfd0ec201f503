/* SPDX-License-Identifier: ISC */
#include "dkim/key.h"

#include "tests/unit.h"

#include "base/mem.h"

static void
test_shows(void **state)
{
	static const struct {
		const char *txt;
		bool shows;
	} rows[] = {
		{ "v=DKIM1; k=rsa; p=QUJD", true },
		{ "p=QUJD", true },
		{ "v=DKIM1;p= QU\t JD ;t=s", true },
		{ "v=DKIM1; k=rsa; p=QUJE", false },
		{ "v=DKIM1; k=rsa; p=QUJDQUJD", false },
		{ "v=DKIM1; k=rsa; p=", false },
		{ "v=DKIM1; k=rsa", false },
		{ "p=QUJD; p=QUJD", false },
		{ "v=spf1 -all", false },
		{ "", false },
	};
	struct buf record = { .max = 256 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (dkim_key_shows(slice_str(rows[i].txt), SLICE("QUJD")) !=
		    rows[i].shows)
			fail_msg("%s", rows[i].txt);
	assert_false(dkim_key_shows(SLICE("p="), SLICE("")));
	dkim_key_record("ed25519", SLICE("QUJD"), &record);
	assert_string_equal(buf_cstr(&record), "v=DKIM1; k=ed25519; p=QUJD");
	assert_true(dkim_key_shows(buf_slice(&record), SLICE("QUJD")));
	buf_fini(&record);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
