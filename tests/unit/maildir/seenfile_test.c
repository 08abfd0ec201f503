/* SPDX-License-Identifier: ISC */
#include "maildir/seenfile.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "maildir/tree.h"
#include "maildir/uidset.h"
#include "sys/fd.h"

static void
test_format(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		bool valid, torn;
		const char *want;
	} rows[] = {
		{ "pabal-seen 1 9\n+1:3\n-2\n", true, false, "1,3" },
		{ "pabal-seen 1 9\n", true, false, "" },
		{ "pabal-seen 1 8\n+1:3\n", false, false, "" },
		{ "pabal-seen 2 9\n+1:3\n", false, false, "" },
		{ "", false, false, "" },
		{ "+1\n", false, false, "" },
		/* the end is missing */
		{ "pabal-seen 1 9\n+1:3\n+1", true, true, "1:3" },
		/* what says nothing is passed over */
		{ "pabal-seen 1 9\n\n*4\n7\n+\n+5\n", true, false, "5" },
		{ "pabal-seen 1 9\n+0\n+4:2\n+5\n", true, false, "5" },
		{ "pabal-seen 1 9 \n+5\n", false, false, "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct uidset s = { .n = 0 };
		bool valid, torn;
		struct buf out;

		seenfile_parse(slice_str(rows[i].text), 9, &valid, &torn, &s);
		assert_int_equal(valid, rows[i].valid);
		assert_int_equal(torn, rows[i].torn);
		buf_init(&out, 4096);
		uidset_put(&s, &out);
		assert_string_equal(buf_cstr(&out), rows[i].want);
		buf_fini(&out);
		uidset_fini(&s);
	}
}

static void
test_names(void **state)
{
	/* clang-format off */
	static const struct {
		const char *guest, *name;
	} rows[] = {
		{ "bob@example.org", "pabal-seen.bob@example.org" },
		{ "a/b%c@x.test", "pabal-seen.a%2Fb%25c@x.test" },
		{ "..@x", "pabal-seen...@x" },
		{ "\xc3\xa9@x", "pabal-seen.%C3%A9@x" },
	};
	static const char *const none[] = {
		"pabal-seen.", "pabal-seen", "pabal-keywords", ".", "..",
		"pabal-seen.a%2", "pabal-seen.%",
	};
	/* clang-format on */
	char name[SEENFILE_NAME_MAX + 1];
	char longest[400];
	struct buf guest;

	(void)state;
	buf_init(&guest, 1024);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_true(seenfile_name(slice_str(rows[i].guest), name));
		assert_string_equal(name, rows[i].name);
		buf_reset(&guest);
		assert_true(seenfile_guest(slice_str(name), &guest));
		assert_string_equal(buf_cstr(&guest), rows[i].guest);
	}
	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		buf_reset(&guest);
		assert_false(seenfile_guest(slice_str(none[i]), &guest));
	}
	buf_fini(&guest);
	memset(longest, 'a', sizeof longest);
	assert_false(seenfile_name(slice_of(longest, sizeof longest), name));
	assert_false(seenfile_name(slice_of("", 0), name));
}

static void
assert_says(int dir, const char *want)
{
	struct seenfile f;
	struct uidset s = { .n = 0 };
	struct buf out;

	assert_int_equal(seenfile_load(dir, "seen", 9, &f, &s, NULL), 0);
	buf_init(&out, 4096);
	uidset_put(&s, &out);
	assert_string_equal(buf_cstr(&out), want);
	buf_fini(&out);
	uidset_fini(&s);
}

/* However often it is changed, by one process, it stays small. */
static void
test_tidy(void **state)
{
	char top[] = "/tmp/pabal-seenfile.XXXXXX";
	struct uidset s = { .n = 0 };
	struct seenfile f, before;
	struct stat sb;
	int dir;

	(void)state;
	assert_non_null(mkdtemp(top));
	dir = open(top, TREE_DIR_FLAGS);
	assert_int_not_equal(dir, -1);
	assert_int_equal(seenfile_load(dir, "seen", 9, &f, &s, NULL), 0);
	assert_int_equal(
	    seenfile_add(dir, "seen", 9, &f, SLICE("+7\n"), NULL), 0);
	assert_true(uidset_add(&s, 7, 7));
	for (int i = 0; i < 2000; i++) {
		assert_int_equal(seenfile_add(dir, "seen", 9, &f,
				     SLICE("+1:3\n-1:3\n"), NULL),
		    0);
		seenfile_tidy(dir, "seen", 9, &f, &s);
	}
	assert_int_equal(fstatat(dir, "seen", &sb, 0), 0);
	assert_int_equal(f.size, sb.st_size);
	assert_true(sb.st_size < 16384);
	assert_says(dir, "7");

	/* Who only reads it writes nothing, whatever its size. */
	for (int i = 0; i < 2000; i++)
		assert_int_equal(seenfile_add(dir, "seen", 9, &f,
				     SLICE("+1:3\n-1:3\n"), NULL),
		    0);
	before = f;
	assert_says(dir, "7");
	assert_false(seenfile_changed(dir, "seen", &before));

	/* Nothing seen is a first line. */
	assert_int_equal(
	    seenfile_add(dir, "seen", 9, &f, SLICE("-7\n"), NULL), 0);
	assert_true(uidset_del(&s, 7, 7));
	f.measured = 0;
	seenfile_tidy(dir, "seen", 9, &f, &s);
	assert_int_equal(f.size, sizeof "pabal-seen 1 9");
	assert_says(dir, "");
	uidset_fini(&s);
	fd_close(&dir);
	tree_remove(AT_FDCWD, top);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_tidy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
