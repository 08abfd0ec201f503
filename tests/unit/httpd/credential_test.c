/* SPDX-License-Identifier: ISC */
/* Authorization, and what is none. */
#include "tests/unit.h"

#include "httpd/credential.h"

#include "base/mem.h"

/* clang-format off */
static const struct {
	const char *field;
	const char *user, *secret; /* NULL: refused */
	bool bearer;
} rows[] = {
	{ "Basic YWxpY2VAYS50ZXN0OnNlY3JldA==", "alice@a.test", "secret", false },
	{ "basic  YTpiOmM=", "a", "b:c", false },
	{ "BASIC YTo=", "a", "", false },
	{ "Basic w6k6w7w=", "\xc3\xa9", "\xc3\xbc", false },
	{ "Bearer a.b.c", "", "a.b.c", true },
	{ "bearer   x", "", "x", true },
	{ "Basic", NULL, NULL, false },
	{ "Basic ", NULL, NULL, false },
	{ "Basic OnNlY3JldA==", NULL, NULL, false },  /* no user */
	{ "Basic YWxpY2U=", NULL, NULL, false },      /* no colon */
	{ "Basic YTpi=", NULL, NULL, false },
	{ "Basic YTpi YTpi", NULL, NULL, false },
	{ "Basic %%%", NULL, NULL, false },
	{ "Bearer", NULL, NULL, true },
	{ "Bearer ", NULL, NULL, true },
	{ "Digest username=x", NULL, NULL, false },
	{ "", NULL, NULL, false },
};
/* clang-format on */

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct httpd_credential c;
		const bool ok =
		    httpd_credential_parse(slice_str(rows[i].field), &c);

		assert_int_equal(ok, rows[i].secret != NULL);
		if (ok) {
			assert_true(slice_is(c.user, rows[i].user));
			assert_true(slice_is(c.secret, rows[i].secret));
			assert_int_equal(c.bearer, rows[i].bearer);
		}
		httpd_credential_fini(&c);
	}
}

static void
test_digest(void **state)
{
	uint8_t a[HTTPD_CREDENTIAL_DIGEST], b[HTTPD_CREDENTIAL_DIGEST];

	(void)state;
	httpd_credential_digest(SLICE("Basic YTpi"), a);
	httpd_credential_digest(SLICE("Basic YTpi"), b);
	assert_memory_equal(a, b, sizeof a);
	httpd_credential_digest(SLICE("Basic YTpj"), b);
	assert_memory_not_equal(a, b, sizeof a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
