/* SPDX-License-Identifier: ISC */
#include "conf/confset.h"

#include "tests/unit.h"

#include <string.h>

#include "base/slice.h"

#define HEAD  "pabal configuration, in force since 1764441720\n"
#define PABAL "file pabal.conf 13\nhostname = a\n\n"

static void
test_both_ways(void **state)
{
	struct confset *set = confset_new(), *again;
	struct buf text;
	struct err err;

	(void)state;
	buf_adds(
	    confset_add(set, "/etc/pabal", "pabal.conf"), "hostname = a\n");
	buf_adds(confset_add(set, "/etc/pabal", "master.conf"), "");
	buf_add(confset_add(set, "/etc/pabal", "smtp.conf"),
	    SLICE("file x.conf 3\n\0\xff"));
	set->since_s = 1764441720;
	buf_init(&text, CONFSET_BYTES);
	confset_format(set, &text);
	assert_true(slice_starts(buf_slice(&text), SLICE(HEAD PABAL)));

	again = confset_parse(buf_slice(&text), "/state", &err);
	assert_non_null(again);
	assert_int_equal(again->since_s, 1764441720);
	assert_int_equal(again->n, 3);
	for (size_t i = 0; i < set->n; i++)
		assert_true(slice_eq(buf_slice(&set->files[i].body),
		    buf_slice(&again->files[i].body)));
	assert_string_equal(
	    confset_find(again, "smtp.conf")->path, "/state/smtp.conf");
	assert_null(confset_find(again, "imapd.conf"));
	confset_free(&set);
	confset_free(&again);
	assert_null(again);
	buf_fini(&text);
}

static void
test_refused(void **state)
{
#define MASTER "file master.conf 0\n\n"
	/* clang-format off */
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ HEAD PABAL MASTER, true },
		{ HEAD MASTER PABAL "file imapd.conf 1\nx\n", true },
		{ "", false },
		{ HEAD, false },
		{ HEAD PABAL, false },
		{ PABAL MASTER, false },
		{ "pabal configuration, in force since x\n" PABAL MASTER, false },
		{ HEAD PABAL MASTER "file", false },
		{ HEAD PABAL MASTER "file a.conf 5\nabc\n", false },
		{ HEAD PABAL MASTER "file a.conf 2\nabc\n", false },
		{ HEAD PABAL MASTER "file a.conf -1\n\n", false },
		{ HEAD PABAL MASTER "file a.conf 99999999\nx\n", false },
		{ HEAD PABAL MASTER "file ../a.conf 1\nx\n", false },
		{ HEAD PABAL MASTER "file .conf 1\nx\n", false },
		{ HEAD PABAL MASTER "file passwords 1\nx\n", false },
		{ HEAD PABAL MASTER PABAL, false },
		{ HEAD PABAL MASTER "\n", false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct err err = { 0 };
		struct confset *set =
		    confset_parse(slice_str(rows[i].text), "/s", &err);

		if ((set != NULL) != rows[i].good)
			fail_msg("row %zu", i);
		if (set == NULL)
			assert_int_equal(err.class, ERR_PERM);
		confset_free(&set);
	}
}

static void
test_no_more_than_it_holds(void **state)
{
	struct confset *set = confset_new();
	char name[] = "aa.conf";

	(void)state;
	for (unsigned i = 0; i < CONFSET_MAX; i++) {
		name[0] = (char)('a' + i % 26);
		name[1] = (char)('a' + i / 26);
		assert_non_null(confset_add(set, "/s", name));
	}
	assert_null(confset_add(set, "/s", "one-more.conf"));
	confset_free(&set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_more_than_it_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
