/* SPDX-License-Identifier: ISC */
/* Who shares with whom: what was noted is found, whatever is in an address, and
 * nothing else. */
#include "shares/shares.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "maildir/tree.h"
#include "sys/clock.h"

static char top[64];

static int
setup(void **state)
{
	(void)state;
	snprintf(top, sizeof top, "/tmp/pabal-shares.XXXXXX");
	assert_non_null(mkdtemp(top));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tree_remove(AT_FDCWD, top);
	return 0;
}

static int
add(struct slice owner, struct slice name, struct err *err)
{
	const struct shares_name n = { SHARES_USER, name };

	return shares_add(top, owner, &n, err);
}

static enum found
has(struct slice owner, struct slice name, struct err *err)
{
	const struct shares_name n = { SHARES_USER, name };

	return shares_has(top, owner, &n, err);
}

static void
owners_are(const char *name, const char *want)
{
	const struct shares_name n = { SHARES_USER, slice_str(name) };
	struct buf out;

	buf_init(&out, 4096);
	assert_int_equal(shares_owners(top, &n, &out, NULL), 0);
	assert_string_equal(buf_cstr(&out), want);
	buf_fini(&out);
}

static void
test_pairs(void **state)
{
	struct err err = { 0 };

	(void)state;
	owners_are("bob@x", "");
	assert_int_equal(has(SLICE("a@x"), SLICE("bob@x"), &err), ABSENT);
	assert_int_equal(add(SLICE("a@x"), SLICE("Bob@X"), &err), 0);
	assert_int_equal(add(SLICE("a@x"), SLICE("bob@x"), &err), 0);
	assert_int_equal(has(SLICE("A@x"), SLICE("bob@x"), &err), FOUND);
	assert_int_equal(has(SLICE("bob@x"), SLICE("a@x"), &err), ABSENT);
	assert_int_equal(has(SLICE("a@x"), SLICE("bob@y"), &err), ABSENT);
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
		    add(slice_str(odd[i]), slice_str(odd[i]), &err), 0);
		assert_int_equal(
		    has(slice_str(odd[i]), slice_str(odd[i]), &err), FOUND);
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
	assert_int_equal(add(SLICE("a@x"), slice_str(name), &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(has(SLICE("a@x"), slice_str(name), &err), ABSENT);
	assert_int_equal(add(SLICE("a@x"), SLICE(""), &err), -1);
	for (n = 0; n < 1100; n++) {
		snprintf(name, sizeof name, "u%d@x", n);
		if (add(SLICE("many@x"), slice_str(name), &err) == -1)
			break;
	}
	assert_int_equal(n, 1000);
	assert_int_equal(err.code, ERR_LIMIT);
}

/* Anyone is nobody of that name. */
static void
test_kinds(void **state)
{
	const struct shares_name all[] = { { SHARES_ANYONE, SLICE("x") },
		{ SHARES_USER, SLICE("x") }, { SHARES_USER, SLICE("anyone@x") },
		{ SHARES_USER, SLICE("anyone=x") } };
	const size_t n = sizeof all / sizeof all[0];
	struct err err = { 0 };
	char owner[16];

	(void)state;
	for (size_t i = 0; i < n; i++) {
		snprintf(owner, sizeof owner, "u%zu@y", i);
		assert_int_equal(
		    shares_add(top, slice_str(owner), &all[i], &err), 0);
	}
	for (size_t i = 0; i < n; i++) {
		struct buf out;

		buf_init(&out, 4096);
		snprintf(owner, sizeof owner, "u%zu@y\n", i);
		assert_int_equal(shares_owners(top, &all[i], &out, &err), 0);
		assert_string_equal(buf_cstr(&out), owner);
		buf_fini(&out);
	}
}

static bool
is_there(const char *dir)
{
	char path[200];

	snprintf(path, sizeof path, "%s/shares/%s", top, dir);
	return access(path, F_OK) == 0;
}

/* What goes leaves nothing, and takes nothing else along. */
static void
test_what_goes(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(add(SLICE("a@x"), SLICE("b@x"), &err), 0);
	assert_int_equal(add(SLICE("a@x"), SLICE("c@x"), &err), 0);
	assert_int_equal(add(SLICE("b@x"), SLICE("c@x"), &err), 0);
	assert_int_equal(shares_forget(top, SLICE("C@x"), &err), 0);
	assert_int_equal(has(SLICE("a@x"), SLICE("c@x"), &err), ABSENT);
	assert_int_equal(has(SLICE("b@x"), SLICE("c@x"), &err), ABSENT);
	assert_int_equal(has(SLICE("a@x"), SLICE("b@x"), &err), FOUND);
	assert_false(is_there("c@x"));
	assert_false(is_there("owner=b@x"));
	assert_int_equal(shares_forget(top, SLICE("a@x"), &err), 0);
	assert_int_equal(has(SLICE("a@x"), SLICE("b@x"), &err), ABSENT);
	assert_false(is_there("b@x"));
	assert_int_equal(shares_forget(top, SLICE("nobody@x"), &err), 0);
}

static void
test_keep(void **state)
{
	const struct slice alice = SLICE("alice@x"), bob = SLICE("bob@x");
	const struct shares_name stays[] = { { SHARES_ANYONE, SLICE("x") },
		{ SHARES_USER, SLICE("Carol@x") } };

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(shares_add(top, alice, &stays[i], NULL), 0);
	assert_int_equal(add(alice, bob, NULL), 0);
	assert_int_equal(add(bob, alice, NULL), 0);
	/* noted since then */
	assert_int_equal(shares_keep(top, alice, stays, 2, 0, NULL), 0);
	assert_int_equal(has(alice, bob, NULL), FOUND);
	assert_int_equal(shares_keep(top, alice, stays, 2, INT64_MAX, NULL), 0);
	assert_int_equal(has(alice, bob, NULL), ABSENT);
	owners_are("bob@x", "");
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
		    shares_has(top, alice, &stays[i], NULL), FOUND);
	assert_int_equal(has(bob, alice, NULL), FOUND);
	assert_int_equal(shares_keep(top, alice, NULL, 0, INT64_MAX, NULL), 0);
	owners_are("carol@x", "");
	assert_int_equal(shares_forget(top, bob, NULL), 0);
	owners_are("alice@x", "");
}

/* Set what is noted of ALICE and BOB to a time. */
static void
set_noted(int64_t s, long ns)
{
	const struct timespec t[2] = { { s, ns }, { s, ns } };
	char path[200];

	snprintf(path, sizeof path, "%s/shares/owner=alice@x/bob@x", top);
	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

/* Whether BOB is still there, when what was read from AT_US on says nothing of
 * him. */
static bool
stays(int64_t at_us)
{
	const struct slice alice = SLICE("alice@x");

	assert_int_equal(shares_keep(top, alice, NULL, 0, at_us, NULL), 0);
	return has(alice, SLICE("bob@x"), NULL) == FOUND;
}

/* What was noted before somebody began to read goes, also at once behind that;
 * and what may have been noted since then stays. */
static void
test_keep_since(void **state)
{
	const struct slice alice = SLICE("alice@x"), bob = SLICE("bob@x");
	int64_t begun;

	(void)state;
	for (int again = 0; again < 2; again++) {
		begun = clock_wall_us();
		assert_int_equal(add(alice, bob, NULL), 0);
		assert_true(stays(begun));
		/* noted once more */
		set_noted(1, 1);
		begun = clock_wall_us();
		assert_int_equal(add(alice, bob, NULL), 0);
		assert_true(stays(begun));
		assert_false(stays(clock_wall_us() + 1));
	}
	assert_int_equal(add(alice, bob, NULL), 0);
	set_noted(1000, 5000);
	assert_true(stays(1000000005));
	set_noted(1000, 0);
	assert_true(stays(1000999999));
	assert_false(stays(1001000000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_what_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pairs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keep, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_keep_since, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
