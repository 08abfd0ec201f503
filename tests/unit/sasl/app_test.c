/* SPDX-License-Identifier: ISC */
#include "sasl/app.h"

#include "tests/unit.h"

#include "base/mem.h"

static void
test_make(void **state)
{
	struct buf secret = { .max = SASL_APP_TEXT };
	struct buf hash = { .max = SASL_APP_HASH };
	struct buf other = { .max = SASL_APP_TEXT };
	struct buf unused = { .max = SASL_APP_HASH };

	(void)state;
	sasl_app_make(&secret, &hash);
	sasl_app_make(&other, &unused);
	assert_false(secret.failed || hash.failed);
	assert_int_equal(secret.n, 29);
	assert_true(sasl_app_is(buf_slice(&secret)));
	assert_true(sasl_app_check(buf_slice(&hash), buf_slice(&secret)));
	assert_false(sasl_app_check(buf_slice(&hash), buf_slice(&other)));
	assert_false(sasl_app_check(buf_slice(&unused), buf_slice(&secret)));
	/* as somebody types it */
	for (size_t i = 0; i < secret.n; i++)
		secret.p[i] =
		    secret.p[i] == '-'
			? ' '
			: (char)(secret.p[i] >= 'a' ? secret.p[i] - 'a' + 'A'
						    : secret.p[i]);
	assert_true(sasl_app_check(buf_slice(&hash), buf_slice(&secret)));
	buf_fini(&secret);
	buf_fini(&hash);
	buf_fini(&other);
	buf_fini(&unused);
}

static void
test_form(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		bool is;
	} rows[] = {
		{ "abcd-efgh-ijkm-npqr-stuv-wxyz", true },
		{ "abcdefghijkmnpqrstuvwxyz", true },
		{ "ABCD efgh ijkm npqr stuv 2345", true },
		{ "abcd-efgh-ijkm-npqr-stuv-wxy", false },
		{ "abcd-efgh-ijkm-npqr-stuv-wxyz2", false },
		{ "abcd-efgh-ijkm-npqr-stuv-wxy0", false },
		{ "abcd-efgh-ijkm-npqr-stuv-wxyl", false },
		{ "abcd_efgh_ijkm_npqr_stuv_wxyz", false },
		{ "", false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (sasl_app_is(slice_str(rows[i].text)) != rows[i].is)
			fail_msg("%s", rows[i].text);
	assert_false(sasl_app_is(SLICE("abcd-efgh-ijkm-npqr-stuv-wxy\0")));
}

static void
test_hashes(void **state)
{
	static const char *const hashes[] = { "", "sha256:", "sha256:AAAA",
		"sha256:AAAA:", "sha256:!:AAAA", "md5:AAAA:AAAA",
		"sha256:AAAA:AAAA" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
		assert_false(sasl_app_check(
		    slice_str(hashes[i]), SLICE("abcdefghijkmnpqrstuvwxyz")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_hashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
