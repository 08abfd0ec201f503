/* SPDX-License-Identifier: ISC */
/* Identifiers of access control lists, as clients write them. */
#include "maildir/identifier.h"

#include "tests/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "maildir/aclfile.h"

static void
test_identifiers(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		int kind; /* -1: none that can be */
		bool negative;
		const char *name, *again;
	} rows[] = {
		{ "bob",       ACL_USER, false, "bob@x", "bob@x" },
		{ "bob@y",     ACL_USER, false, "bob@y", "bob@y" },
		{ "-bob",      ACL_USER, true, "bob@x", "-bob@x" },
		{ "--bob",     ACL_USER, true, "-bob@x", "--bob@x" },
		{ "two words", ACL_USER, false, "two words@x", "\"two words@x\"" },
		{ "anyone",    ACL_ANYONE, false, "", "anyone" },
		{ "AnyOne",    ACL_ANYONE, false, "", "anyone" },
		{ "-anyone",   ACL_ANYONE, true, "", "-anyone" },
		{ "anyone@x",  ACL_USER, false, "anyone@x", "anyone@x" },
		{ "authenticated", ACL_AUTHENTICATED, false, "", "authenticated" },
		{ "owner",     ACL_OWNER, false, "", "owner" },
		{ "owners",    ACL_USER, false, "owners@x", "owners@x" },
		{ "$staff",    ACL_GROUP, false, "staff", "$staff" },
		{ "-$staff",   ACL_GROUP, true, "staff", "-$staff" },
		{ "!$staff",   ACL_GROUP_OVERRIDE, false, "staff", "!$staff" },
		{ "",          -1, false, NULL, NULL },
		{ "-",         -1, false, NULL, NULL },
		{ "$",         -1, false, NULL, NULL },
		{ "!$",        -1, false, NULL, NULL },
		{ "a\nb",      -1, false, NULL, NULL },
	};
	/* clang-format on */
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct acl_id id;
		struct buf b;

		if (!identifier_read(
			slice_str(rows[i].text), SLICE("x"), &a, &id)) {
			assert_int_equal(rows[i].kind, -1);
			continue;
		}
		assert_int_equal(id.kind, rows[i].kind);
		assert_int_equal(id.negative, rows[i].negative);
		assert_true(slice_is(id.name, rows[i].name));
		buf_init(&b, 256);
		identifier_put(&b, &id);
		assert_string_equal(buf_cstr(&b), rows[i].again);
		buf_fini(&b);
	}
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identifiers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
