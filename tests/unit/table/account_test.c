/* SPDX-License-Identifier: ISC */
#include "table/account.h"

#include "tests/unit.h"

#include "base/mem.h"

/* clang-format off */
static const struct {
	const char *name, *in;
	const char *out; /* NULL: refused */
} rows[] = {
	{ "alice@a.test", "",
	  "uid=- gid=- home=a.test/alice" },
	{ "Alice@A.test", "quota=100M",
	  "uid=- gid=- home=a.test/alice quota=100M" },
	{ "a@a.test", "uid=1000 gid=100 home=users/a quota=1g",
	  "uid=1000 gid=100 home=users/a quota=1G" },
	{ "a@a.test", "uid=- gid=- home=h  quota=1025 ",
	  "uid=- gid=- home=h quota=1025" },
	{ "a@a.test", "login=no mail=no",
	  "uid=- gid=- home=a.test/a login=no mail=no" },
	{ "a@a.test", "login=yes",
	  "uid=- gid=- home=a.test/a" },
	{ "a/b@a.test", "home=x",
	  "uid=- gid=- home=x" },
	{ "\"a b\"@a.test", "home=x/y",
	  "uid=- gid=- home=x/y" },
	{ "a+b@a.test", "",
	  "uid=- gid=- home=a.test/a+b" },
	{ "a@a.test", "quota=0",
	  "uid=- gid=- home=a.test/a quota=0" },
	{ "a@a.test", "quota=-",
	  "uid=- gid=- home=a.test/a" },
	{ "a@a.test", "quota=5G,1000",
	  "uid=- gid=- home=a.test/a quota=5G,1000" },
	{ "a@a.test", "quota=0,1000",
	  "uid=- gid=- home=a.test/a quota=0,1000" },

	{ "a",            "home=x",           NULL },
	{ "a@",           "home=x",           NULL },
	{ "<a@a.test>",   "home=x",           NULL },
	{ "a@a.test.",    "home=x",           NULL },
	{ "a/b@a.test",   "",                 NULL },
	{ "../b@a.test",  "",                 NULL },
	{ "\"a b\"@a.test", "",               NULL },
	{ "a@a.test",     "uid=0 gid=0",      NULL },
	{ "a@a.test",     "uid=1000 gid=0",   NULL },
	{ "a@a.test",     "uid=1000",         NULL },
	{ "a@a.test",     "gid=1000",         NULL },
	{ "a@a.test",     "uid=-1 gid=1",     NULL },
	{ "a@a.test",     "uid=4294967295 gid=1", NULL },
	{ "a@a.test",     "uid=x gid=1",      NULL },
	{ "a@a.test",     "home=",            NULL },
	{ "a@a.test",     "home=/var",        NULL },
	{ "a@a.test",     "home=a/../b",      NULL },
	{ "a@a.test",     "home=..",          NULL },
	{ "a@a.test",     "home=.",           NULL },
	{ "a@a.test",     "home=a//b",        NULL },
	{ "a@a.test",     "home=a/",          NULL },
	{ "a@a.test",     "home=a\tb",        NULL },
	{ "a@a.test",     "quota=",           NULL },
	{ "a@a.test",     "quota=-1",         NULL },
	{ "a@a.test",     "quota=1X",         NULL },
	{ "a@a.test",     "quota=1MM",        NULL },
	{ "a@a.test",     "quota=9999999T",   NULL },
	{ "a@a.test",     "quota=1G,",        NULL },
	{ "a@a.test",     "quota=,5",         NULL },
	{ "a@a.test",     "quota=1G,5K",      NULL },
	{ "a@a.test",     "quota=1G,5,5",     NULL },
	{ "a@a.test",     "login=maybe",      NULL },
	{ "a@a.test",     "shell=/bin/sh",    NULL },
	{ "a@a.test",     "quota",            NULL },
};
/* clang-format on */

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice name = slice_str(rows[i].name);
		const struct slice in = slice_str(rows[i].in);
		struct account_entry a;
		struct buf out;
		struct err err;

		if ((account_check(name, in, &err) == 0) !=
		    (rows[i].out != NULL))
			fail_msg("%s %s", rows[i].name, rows[i].in);
		if (rows[i].out == NULL) {
			assert_int_equal(err.class, ERR_PERM);
			continue;
		}
		assert_int_equal(account_parse(name, in, &a, &err), 0);
		buf_init(&out, 2000);
		account_format(&a, &out);
		assert_string_equal(buf_cstr(&out), rows[i].out);
		buf_fini(&out);
	}
}

static void
test_domain(void **state)
{
	/* clang-format off */
	static const struct {
		const char *key, *value;
		bool ok;
	} lines[] = {
		{ "@a.test", "quota=5G,10", true },
		{ "@a.test", "quota=0", true },
		{ "@a.test", "quota=-", true },
		{ "@a.test", "", false },
		{ "@a.test", "quota=", false },
		{ "@a.test", "home=x", false },
		{ "@a.test", "quota=5G home=x", false },
		{ "@", "quota=5G", false },
		{ "@a..test", "quota=5G", false },
	};
	/* clang-format on */
	struct account_entry a;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if ((account_check(slice_str(lines[i].key),
			 slice_str(lines[i].value), NULL) == 0) != lines[i].ok)
			fail_msg("%s %s", lines[i].key, lines[i].value);
	assert_int_equal(
	    account_parse_domain(SLICE("quota=5G,10"), &a, NULL), 0);
	assert_true(a.has_quota);
	assert_int_equal(a.quota_bytes, INT64_C(5) << 30);
	assert_int_equal(a.quota_messages, 10);
	assert_true(
	    slice_is(account_domain_key(SLICE("\"a@b\"@a.test")), "@a.test"));
}

static void
test_home_has_a_limit(void **state)
{
	char path[ACCOUNT_HOME_MAX + 1];
	struct account_entry a = { .uid = ACCOUNT_VIRTUAL };
	struct err err;

	(void)state;
	memset(path, 'a', sizeof path);
	assert_int_equal(
	    account_set_home(&a, slice_of(path, ACCOUNT_HOME_MAX - 1), &err),
	    0);
	assert_int_equal(
	    account_set_home(&a, slice_of(path, ACCOUNT_HOME_MAX), &err), -1);
}

static void
test_password(void **state)
{
	const struct slice name = SLICE("a@a.test");

	(void)state;
	assert_int_equal(
	    account_check_password(name, SLICE("$y$j9T$s$h"), NULL), 0);
	assert_int_equal(
	    account_check_password(name, SLICE("{ARGON2ID}$argon2id$x"), NULL),
	    0);
	assert_int_equal(
	    account_check_password(name, SLICE("secret"), NULL), -1);
	assert_int_equal(
	    account_check_password(name, SLICE("$y$j9T$s$h x"), NULL), -1);
	assert_int_equal(
	    account_check_password(SLICE("a"), SLICE("$y$x"), NULL), -1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_domain),
		cmocka_unit_test(test_home_has_a_limit),
		cmocka_unit_test(test_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
