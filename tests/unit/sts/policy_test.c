/* SPDX-License-Identifier: ISC */
/* Policies as files, and when they are fetched again. */
#include "sts/policy.h"

#include "tests/unit.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

enum { NOW_S = 1700000000, DAY_S = 86400 };

#define OWN "id: abc1\nfetched: 1699999000\nasked: 1699999500\n\n"
#define TEXT                                                                   \
	"version: STSv1\nmode: enforce\nmax_age: 86400\nmx: a.test\nmx: "      \
	"*.b.test\n"

static void
test_file(void **state)
{
	struct buf out = { .max = 65536 };
	struct sts_policy p;
	struct err err;

	(void)state;
	assert_int_equal(sts_policy_parse(SLICE(OWN TEXT), NOW_S, &p, &err), 0);
	assert_string_equal(p.id, "abc1");
	assert_string_equal(p.mx, "a.test *.b.test");
	assert_int_equal(p.is.mode, MTASTS_ENFORCE);
	assert_int_equal(p.fetched_s, 1699999000);
	assert_int_equal(p.asked_s, 1699999500);
	sts_policy_format(&p, &out);
	assert_string_equal(buf_cstr(&out), OWN TEXT);
	sts_policy_fini(&p);
	buf_fini(&out);
}

static void
test_not_a_file(void **state)
{
	static const char *const texts[] = { "", TEXT, OWN, "id: \n",
		"id: abc\nfetched: x\nasked: 1\n\n" TEXT,
		"id: abc\nfetched: 1\nasked: 1\n" TEXT,
		"id: 123456789012345678901234567890123\nfetched: 1\nasked: "
		"1\n\n" TEXT,
		OWN "version: STSv1\nmode: enforce\nmax_age: 86400\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct sts_policy p;
		struct err err = { 0 };

		assert_int_equal(
		    sts_policy_parse(slice_str(texts[i]), NOW_S, &p, &err), -1);
		assert_int_equal(err.class, ERR_PERM);
		assert_null(p.mx);
	}
}

/* A clock that was set back does not make a policy last longer. */
static void
test_ends(void **state)
{
	struct sts_policy p;

	(void)state;
	assert_int_equal(sts_policy_parse(SLICE(OWN TEXT), 1000, &p, NULL), 0);
	assert_int_equal(p.fetched_s, 1000);
	assert_true(sts_policy_is_valid(&p, 1000));
	assert_true(sts_policy_is_valid(&p, 1000 + DAY_S - 1));
	assert_false(sts_policy_is_valid(&p, 1000 + DAY_S));
	sts_policy_fini(&p);
	assert_false(sts_policy_is_valid(&p, 1000));
}

static void
test_refresh(void **state)
{
	static const int64_t ages[] = { 600, 601, 3600, DAY_S, 7 * DAY_S,
		MTASTS_AGE_MAX };
	struct sts_policy p = { .is = { .max_age_s = 599 } };

	(void)state;
	assert_int_equal(sts_policy_refresh_s(&p, 7), 0);
	for (size_t i = 0; i < ARRAY_LEN(ages); i++) {
		int64_t least = INT64_MAX, most = 0;

		p.is.max_age_s = ages[i];
		for (uint32_t r = 0; r < 5000; r++) {
			const int64_t t =
			    sts_policy_refresh_s(&p, r * 2654435761U);

			least = t < least ? t : least;
			most = t > most ? t : most;
		}
		assert_true(least >= 240 && most < ages[i]);
		assert_true(most <= DAY_S);
		assert_true(most - least > 200);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_not_a_file),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_refresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
