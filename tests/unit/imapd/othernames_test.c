/* SPDX-License-Identifier: ISC */
/* Names of other users' mailboxes. */
#include "imapd/relay/names.h"

#include "tests/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "imapd/conf.h"

static void
test_names(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name;
		bool below;
		const char *owner; /* NULL: nobody's */
	} rows[] = {
		{ "Other Users/alice/INBOX",       true,  "alice@x" },
		{ "Other Users/Alice/INBOX/a/b",   true,  "alice@x" },
		{ "Other Users/alice@y/INBOX",     true,  "alice@y" },
		{ "Other Users/alice",             true,  NULL },
		{ "Other Users/alice/",            true,  NULL },
		{ "Other Users//INBOX",            true,  NULL },
		{ "Other Users/",                  true,  NULL },
		{ "Other Users",                   true,  NULL },
		{ "Other Users/bob/INBOX",         true,  NULL }, /* oneself */
		{ "Other Users%",                  true,  NULL },
		{ "Other Users*",                  true,  NULL },
		{ "Other Usersx/alice/INBOX",      false, NULL },
		{ "other users/alice/INBOX",       false, NULL },
		{ "INBOX",                         false, NULL },
		{ "",                              false, NULL },
	};
	/* clang-format on */
	struct imapd_conf conf = { .other_users = "Other Users" };
	struct arena a;

	(void)state;
	arena_init(&a);
	imapd_conf = &conf;
	assert_false(names_below(SLICE("Other Users/alice/INBOX")));
	conf.shared.sharing = SHARED_SHARING_DOMAIN;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice name = slice_str(rows[i].name);
		struct slice owner;

		assert_int_equal(names_below(name), rows[i].below);
		if (names_owner(name, SLICE("bob@x"), &a, &owner))
			assert_true(slice_is(owner, rows[i].owner));
		else
			assert_null(rows[i].owner);
	}
	conf.other_users = "";
	assert_false(names_below(SLICE("/alice/INBOX")));
	arena_fini(&a);
}

static void
test_prefix(void **state)
{
	struct imapd_conf conf = { .other_users = "Other Users" };
	struct buf b;

	(void)state;
	imapd_conf = &conf;
	buf_init(&b, 256);
	names_put(&b, SLICE("alice@x"), SLICE("bob@X"));
	buf_addc(&b, ' ');
	names_put(&b, SLICE("alice@y"), SLICE("bob@x"));
	assert_string_equal(
	    buf_cstr(&b), "Other Users/alice Other Users/alice@y");
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
