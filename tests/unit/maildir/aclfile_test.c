/* SPDX-License-Identifier: ISC */
/* dovecot-acl: what is read of it, what is not, what it comes to for whom, and
 * that it is written as it was meant. */
#include "maildir/aclfile.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "maildir/rights.h"
#include "maildir/textfile.h"
#include "maildir/tree.h"
#include "sys/fd.h"

static void
test_rights(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text, *old, *strict; /* NULL: refused */
	} rows[] = {
		{ "", "", "" },
		{ "lr", "lr", "lr" },
		{ "aekxtpiwsrl", "lrswipkxtea", "lrswipkxtea" },
		{ "c", "kx", NULL },
		{ "d", "te", NULL },
		{ "lrd", "lrte", NULL },
		{ "ll", "l", "l" },
		{ "lR", NULL, NULL },
		{ "l r", NULL, NULL },
		{ "0", NULL, NULL },
		{ "b", NULL, NULL },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int old = 0; old < 2; old++) {
			const char *want = old ? rows[i].old : rows[i].strict;
			unsigned rights;
			struct buf b;

			if (!rights_parse(
				slice_str(rows[i].text), old, &rights)) {
				assert_null(want);
				continue;
			}
			assert_non_null(want);
			buf_init(&b, 64);
			rights_put(&b, rights, false);
			assert_string_equal(buf_cstr(&b), want);
			buf_fini(&b);
		}
}

static void
test_old_letters(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 64);
	rights_put(&b, RIGHTS_ALL, true);
	buf_addc(&b, ' ');
	rights_put(&b, RIGHT_LOOKUP | RIGHT_DELETE, true);
	buf_addc(&b, ' ');
	rights_put(&b, RIGHT_EXPUNGE, true);
	assert_string_equal(buf_cstr(&b), "lrswipkxteacd lxc ed");
	buf_fini(&b);
}

static void
test_format(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text, *again; /* NULL: corrupt */
	} rows[] = {
		{ "", "" },
		{ "# nothing\n\n", "" },
		{ "user=bob@x lrs\n", "user=bob@x lrs\n" },
		{ "user=bob@x lrs", "user=bob@x lrs\n" },
		{ "user=bob@x\n", "user=bob@x \n" },
		{ "user=bob@x \n", "user=bob@x \n" },
		{ "-user=bob@x w\n", "-user=bob@x w\n" },
		{ "owner lrwstipekxa\n", "owner lrswipkxtea\n" },
		{ "anonymous l\nanyone r\n", "anyone r\n" },
		{ "authenticated l\ngroup=g l\ngroup-override=g\n",
		  "authenticated l\ngroup=g l\ngroup-override=g \n" },
		{ "\"user=two words\" lr\n", "\"user=two words\" lr\n" },
		{ "\"-group=a\\\"b\\\\c\" lr\n", "\"-group=a\\\"b\\\\c\" lr\n" },
		{ "\"user=plain\" lr\n", "user=plain lr\n" },
		{ "user=b lr :insert post\n", "user=b lrip\n" },
		{ "user=b :lookup read write write-seen write-deleted insert "
		  "post expunge create delete admin\n",
		  "user=b lrswipkxtea\n" },
		{ "user=b l\nuser=B r\n", "user=b r\n" },
		{ "user= lr\n", NULL },
		{ "User=b lr\n", NULL },
		{ "bob lr\n", NULL },
		{ "anyones l\n", NULL },
		{ "owner=x l\n", NULL },
		{ "user=b lrz\n", NULL },
		{ "user=b lr extra\n", NULL },
		{ "user=b :look\n", NULL },
		{ "\"user=b lr\n", NULL },
		{ "\"user=b\"lr\n", NULL },
		{ "\"user=b\\", NULL },
		{ "user=b\tlr\n", NULL },
		{ " user=b lr\n", NULL },
		{ "user=b lr\r\n", "user=b lr\n" },
		{ "-\n", NULL },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct aclfile f;
		struct buf b;

		aclfile_init(&f);
		buf_init(&b, 4096);
		if (aclfile_parse(slice_str(rows[i].text), &f)) {
			aclfile_format(&b, &f);
			assert_non_null(rows[i].again);
			assert_string_equal(buf_cstr(&b), rows[i].again);
		} else {
			assert_null(rows[i].again);
		}
		buf_fini(&b);
		aclfile_fini(&f);
	}
}

static void
test_what_it_comes_to(void **state)
{
	const struct slice groups[] = { SLICE("staff@x"), SLICE("night@x"),
		SLICE("board@y") };
	/* clang-format off */
	static const struct {
		const char *text, *name; /* of who asks */
		bool owner, groups;
		const char *rights;
	} rows[] = {
		/* the owner */
		{ "", "a@x", true, false, "lrswipkxtea" },
		{ "anyone l\n", "a@x", true, false, "lrswipkxtea" },
		{ "owner r\n", "a@x", true, false, "lra" },
		{ "user=a@x r\n", "a@x", true, false, "lra" },
		{ "owner r\nuser=a@x rs\n", "a@x", true, false, "lrsa" },
		{ "-owner te\n", "a@x", true, false, "lrswipkxa" },
		{ "-owner la\n", "a@x", true, false, "lrswipkxtea" },
		{ "-anyone l\n", "a@x", true, false, "lrswipkxtea" },
		{ "group=staff l\n", "a@x", true, true, "lrswipkxtea" },
		{ "group-override=staff r\n", "a@x", true, true, "lra" },
		/* nobody is given anything unasked */
		{ "", "b@x", false, true, "" },
		{ "owner lr\nuser=c@x lr\n", "b@x", false, true, "" },
		/* users, with and without a domain */
		{ "user=b@x lr\n", "b@x", false, false, "lr" },
		{ "user=B@X lr\n", "b@x", false, false, "lr" },
		{ "user=b lr\n", "b@x", false, false, "lr" },
		{ "user=b lr\n", "b@y", false, false, "" },
		{ "user=b@x lr\n", "b@y", false, false, "" },
		{ "user=b@y lr\n", "b@y", false, false, "lr" },
		{ "user=bb lr\n", "b@x", false, false, "" },
		/* anyone is of the same domain */
		{ "anyone lr\n", "b@x", false, false, "lr" },
		{ "anyone lr\n", "b@y", false, false, "" },
		{ "authenticated lr\n", "b@X", false, false, "lr" },
		{ "authenticated lr\n", "b@y", false, false, "" },
		/* the more specific counts, not both */
		{ "anyone lrs\nuser=b l\n", "b@x", false, false, "l" },
		{ "user=b l\nanyone lrs\n", "b@x", false, false, "l" },
		{ "anyone lrs\nuser=b\n", "b@x", false, false, "" },
		{ "anyone l\nauthenticated r\n", "b@x", false, false, "r" },
		{ "group=staff lr\nuser=b l\n", "b@x", false, true, "l" },
		{ "user=b lr\ngroup-override=night\n", "b@x", false, true, "" },
		/* groups together; only his own */
		{ "group=staff l\ngroup=NIGHT r\n", "b@x", false, true, "lr" },
		{ "group=staff l\ngroup=other r\n", "b@x", false, true, "l" },
		{ "group=staff l\n", "b@x", false, false, "" },
		/* taken away: of what is less specific or the same */
		{ "anyone lrs\n-user=b s\n", "b@x", false, false, "lr" },
		{ "-user=b s\nuser=b lrs\n", "b@x", false, false, "lr" },
		{ "-anyone s\nuser=b lrs\n", "b@x", false, false, "lrs" },
		{ "-group=staff r\ngroup=night lr\n", "b@x", false, true, "l" },
		{ "-user=c s\nuser=b lrs\n", "b@x", false, false, "lrs" },
		/* groups of other domains are others */
		{ "group=staff@x l\n", "b@x", false, true, "l" },
		{ "group=staff@y l\n", "b@x", false, true, "" },
		{ "group=board l\n", "b@x", false, true, "" },
		{ "group=board@y l\n", "b@x", false, true, "l" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct acl_who who = {
			.name = slice_str(rows[i].name),
			.owner = rows[i].owner,
			.domain = SLICE("x"),
			.groups = groups,
			.ngroups = rows[i].groups ? ARRAY_LEN(groups) : 0,
		};
		struct aclfile f;
		struct buf b;

		aclfile_init(&f);
		buf_init(&b, 64);
		assert_true(aclfile_parse(slice_str(rows[i].text), &f));
		rights_put(&b, aclfile_rights(&f, &who), false);
		assert_string_equal(buf_cstr(&b), rows[i].rights);
		buf_fini(&b);
		aclfile_fini(&f);
	}
}

static void
test_limits(void **state)
{
	struct acl_id id = { .kind = ACL_USER };
	struct err err = { 0 };
	struct aclfile f;
	char name[32];

	(void)state;
	aclfile_init(&f);
	for (int i = 0; i < ACLFILE_ENTRIES_MAX; i++) {
		snprintf(name, sizeof name, "u%d", i);
		id.name = slice_str(name);
		assert_int_equal(aclfile_set(&f, &id, SLICE(""), 1, &err), 0);
	}
	id.name = SLICE("one more");
	assert_int_equal(aclfile_set(&f, &id, SLICE(""), 1, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	id.name = SLICE("U7");
	assert_int_equal(aclfile_set(&f, &id, SLICE(""), 3, &err), 0);
	assert_int_equal(f.n, ACLFILE_ENTRIES_MAX);
	aclfile_drop(&f, &id, SLICE(""));
	assert_null(aclfile_find(&f, &id, SLICE("")));
	assert_int_equal(f.n, ACLFILE_ENTRIES_MAX - 1);
	aclfile_fini(&f);
	assert_false(aclfile_is_name(SLICE("")));
	assert_false(aclfile_is_name(SLICE("a\nb")));
	assert_true(aclfile_is_name(SLICE("a b\"c")));
}

/* With the domain and without, in one of two domains. */
static void
test_domains(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text, *set, *drop;
	} rows[] = {
		{ "user=bob l\n", "user=bob r\n", "" },
		{ "user=bob@x l\n", "user=bob@x r\n", "" },
		{ "user=BOB l\nuser=bob@x s\nowner l\n",
		  "user=BOB r\nowner l\n", "owner l\n" },
		{ "user=bob@y l\n", "user=bob@y l\nuser=bob@x r\n",
		  "user=bob@y l\n" },
		{ "-user=bob l\ngroup=bob l\n",
		  "-user=bob l\ngroup=bob l\nuser=bob@x r\n",
		  "-user=bob l\ngroup=bob l\n" },
	};
	/* clang-format on */
	const struct acl_id id = { .kind = ACL_USER, .name = SLICE("bob@x") };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct aclfile f;
		struct buf b;

		buf_init(&b, 4096);
		aclfile_init(&f);
		assert_true(aclfile_parse(slice_str(rows[i].text), &f));
		assert_int_equal(
		    aclfile_set(&f, &id, SLICE("X"), RIGHT_READ, NULL), 0);
		aclfile_format(&b, &f);
		assert_string_equal(buf_cstr(&b), rows[i].set);
		aclfile_drop(&f, &id, SLICE("X"));
		buf_reset(&b);
		aclfile_format(&b, &f);
		assert_string_equal(buf_cstr(&b), rows[i].drop);
		aclfile_fini(&f);
		buf_fini(&b);
	}
}

static char top[64];
static int dir = -1;

static int
setup(void **state)
{
	(void)state;
	snprintf(top, sizeof top, "/tmp/pabal-aclfile.XXXXXX");
	assert_non_null(mkdtemp(top));
	dir = open(top, TREE_DIR_FLAGS);
	return dir == -1;
}

static int
teardown(void **state)
{
	(void)state;
	fd_close(&dir);
	tree_remove(AT_FDCWD, top);
	return 0;
}

static void
test_file(void **state)
{
	const struct acl_id id = { .kind = ACL_USER, .name = SLICE("b@x") };
	struct err err = { 0 };
	struct aclfile f;

	(void)state;
	assert_int_equal(aclfile_read(dir, &f, &err), 0);
	assert_int_equal(f.n, 0);
	assert_int_equal(aclfile_set(&f, &id, SLICE(""), RIGHT_READ, &err), 0);
	assert_int_equal(aclfile_write(dir, &f, &err), 0);
	aclfile_fini(&f);
	assert_int_equal(aclfile_read(dir, &f, &err), 0);
	assert_int_equal(aclfile_find(&f, &id, SLICE(""))->rights, RIGHT_READ);
	aclfile_drop(&f, &id, SLICE(""));
	assert_int_equal(aclfile_write(dir, &f, &err), 0);
	assert_int_equal(aclfile_write(dir, &f, &err), 0);
	aclfile_fini(&f);
	assert_int_equal(faccessat(dir, ACLFILE_NAME, F_OK, 0), -1);

	assert_int_equal(
	    textfile_put(dir, ACLFILE_NAME, SLICE("what is this\n"), NULL), 0);
	assert_int_equal(aclfile_read(dir, &f, &err), -1);
	assert_int_equal(err.class, ERR_TEMP);
	/* A link is no file of the mailbox. */
	assert_int_equal(unlinkat(dir, ACLFILE_NAME, 0), 0);
	assert_int_equal(symlinkat("/etc/hostname", dir, ACLFILE_NAME), 0);
	assert_int_equal(aclfile_read(dir, &f, &err), 0);
	assert_int_equal(f.n, 0);
	aclfile_fini(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_old_letters),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_what_it_comes_to),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_domains),
		cmocka_unit_test_setup_teardown(test_file, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
