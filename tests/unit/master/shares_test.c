/* SPDX-License-Identifier: ISC */
/* Who shares with whom: what was noted is found, whatever is in an address, and
 * nothing else. */
#include "master/shares.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "maildir/tree.h"
#include "master/master.h"

static char top[64];

static int
setup(void **state)
{
	(void)state;
	snprintf(top, sizeof top, "/tmp/pabal-shares.XXXXXX");
	assert_non_null(mkdtemp(top));
	master.state_dir = top;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	master.state_dir = NULL;
	tree_remove(AT_FDCWD, top);
	return 0;
}

static void
owners_are(const char *name, const char *want)
{
	struct buf out;

	buf_init(&out, 4096);
	assert_int_equal(shares_owners(slice_str(name), &out, NULL), 0);
	assert_string_equal(buf_cstr(&out), want);
	buf_fini(&out);
}

static void
test_pairs(void **state)
{
	struct err err = { 0 };

	(void)state;
	owners_are("bob@x", "");
	assert_int_equal(
	    shares_has(SLICE("a@x"), SLICE("bob@x"), &err), ABSENT);
	assert_int_equal(shares_add(SLICE("a@x"), SLICE("Bob@X"), &err), 0);
	assert_int_equal(shares_add(SLICE("a@x"), SLICE("bob@x"), &err), 0);
	assert_int_equal(shares_has(SLICE("A@x"), SLICE("bob@x"), &err), FOUND);
	assert_int_equal(
	    shares_has(SLICE("bob@x"), SLICE("a@x"), &err), ABSENT);
	assert_int_equal(
	    shares_has(SLICE("a@x"), SLICE("bob@y"), &err), ABSENT);
	owners_are("bob@x", "a@x\n");
	owners_are("a@x", "");
}

/* No name leads out of its directory, and what is no plain name comes back as
 * it was. */
static void
test_names(void **state)
{
	static const char *const odd[] = { ".", "..", "../../etc", "a/b@x",
		"%2e@x", "owner=a@x", "two words@x", "\xed\x95\x9c@x" };
	struct err err = { 0 };
	char want[64];

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		assert_int_equal(
		    shares_add(slice_str(odd[i]), slice_str(odd[i]), &err), 0);
		assert_int_equal(
		    shares_has(slice_str(odd[i]), slice_str(odd[i]), &err),
		    FOUND);
		snprintf(want, sizeof want, "%s\n", odd[i]);
		owners_are(odd[i], want);
	}
}

static void
test_limits(void **state)
{
	struct err err = { 0 };
	char name[300];
	int n;

	(void)state;
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_int_equal(shares_add(SLICE("a@x"), slice_str(name), &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(
	    shares_has(SLICE("a@x"), slice_str(name), &err), ABSENT);
	assert_int_equal(shares_add(SLICE("a@x"), SLICE(""), &err), -1);
	for (n = 0; n < 1100; n++) {
		snprintf(name, sizeof name, "u%d@x", n);
		if (shares_add(SLICE("many@x"), slice_str(name), &err) == -1)
			break;
	}
	assert_int_equal(n, 1000);
	assert_int_equal(err.code, ERR_LIMIT);
	master.state_dir = NULL;
	assert_int_equal(shares_add(SLICE("a@x"), SLICE("b@x"), &err), -1);
	assert_int_equal(err.class, ERR_TEMP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pairs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
