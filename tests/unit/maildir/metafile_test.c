/* SPDX-License-Identifier: ISC */
/* pabal-metadata: what is written is read; what is corrupt is nothing. */
#include "maildir/metafile.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "maildir/textfile.h"
#include "maildir/tree.h"
#include "sys/fd.h"

static char top[64];
static int dir = -1;

static int
setup(void **state)
{
	(void)state;
	snprintf(top, sizeof top, "/tmp/pabal-metafile.XXXXXX");
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
	struct metafile f;

	(void)state;
	assert_int_equal(metafile_read(dir, METAFILE_MAILBOX, &f, NULL), 0);
	assert_int_equal(f.n, 0);
	metafile_set(&f, SLICE("/private/comment"), SLICE("two\nlines"));
	metafile_set(&f, SLICE("/shared/a b"), slice_of("x\0y", 3));
	metafile_set(&f, SLICE("/shared/empty"), SLICE(""));
	metafile_set(&f, SLICE("/shared/nothing"), (struct slice){ NULL, 0 });
	assert_int_equal(f.n, 3);
	assert_int_equal(
	    metafile_bytes(&f), 16 + 9 + 11 + 3 + 13); /* names, values */
	assert_int_equal(metafile_write(dir, METAFILE_MAILBOX, &f, NULL), 0);
	metafile_fini(&f);

	assert_int_equal(metafile_read(dir, METAFILE_MAILBOX, &f, NULL), 0);
	assert_int_equal(f.n, 3);
	assert_true(slice_is(
	    metafile_find(&f, SLICE("/PRIVATE/Comment"))->value, "two\nlines"));
	assert_true(slice_eq(metafile_find(&f, SLICE("/shared/a b"))->value,
	    slice_of("x\0y", 3)));
	assert_int_equal(metafile_find(&f, SLICE("/shared/empty"))->value.n, 0);
	metafile_set(&f, SLICE("/shared/A B"), (struct slice){ NULL, 0 });
	metafile_set(&f, SLICE("/Private/Comment"), (struct slice){ NULL, 0 });
	metafile_set(&f, SLICE("/shared/empty"), (struct slice){ NULL, 0 });
	assert_int_equal(f.n, 0);
	assert_int_equal(metafile_write(dir, METAFILE_MAILBOX, &f, NULL), 0);
	metafile_fini(&f);
	assert_int_equal(faccessat(dir, METAFILE_MAILBOX, F_OK, 0), -1);
	/* a second time there is nothing to remove */
	assert_int_equal(metafile_write(dir, METAFILE_MAILBOX, &f, NULL), 0);
}

#define HEAD "pabal-metadata 1\n"

static void
test_corrupt(void **state)
{
	static const char *const texts[] = {
		"",
		"pabal-metadata 2\n",
		HEAD "/a",
		HEAD "/a\n",
		HEAD "/a x\n\n",
		HEAD "/a 1\nb",
		HEAD "/a 1\nbc\n",
		HEAD "/a 2\nb\n",
		HEAD " 1\nb\n",
		HEAD "/a 99999999999\nb\n",
		HEAD "/a\001 1\nb\n",
		HEAD "/a 1\nb\n/A 1\nc\n",
		HEAD "/a 1\nb\n\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct err err = { 0 };
		struct metafile f;

		assert_int_equal(textfile_put(dir, METAFILE_ACCOUNT,
				     slice_str(texts[i]), NULL),
		    0);
		if (metafile_read(dir, METAFILE_ACCOUNT, &f, &err) != -1)
			fail_msg("text %zu was taken", i);
		assert_int_equal(err.class, ERR_TEMP);
	}
}

static void
test_names(void **state)
{
	static const struct {
		const char *name;
		bool ok;
	} rows[] = {
		{ "/shared/x", true },
		{ "/a b", true },
		{ "", false },
		{ "/a ", false },
		{ "/a\n", false },
		{ "/a\x7f", false },
	};
	char large[METAFILE_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    metafile_is_name(slice_str(rows[i].name)), rows[i].ok);
	memset(large, 'a', sizeof large);
	assert_true(metafile_is_name(slice_of(large, METAFILE_NAME_MAX)));
	assert_false(metafile_is_name(slice_of(large, sizeof large)));
}

static void
test_too_many(void **state)
{
	struct metafile f = { 0 };
	struct buf out;
	char name[32];

	(void)state;
	buf_init(&out, METAFILE_BYTES_MAX);
	buf_adds(&out, HEAD);
	for (unsigned i = 0; i <= METAFILE_ENTRIES_MAX; i++) {
		snprintf(name, sizeof name, "/shared/%u 0\n\n", i);
		buf_adds(&out, name);
	}
	assert_false(metafile_parse(buf_slice(&out), &f));
	assert_int_equal(f.n, METAFILE_ENTRIES_MAX);
	metafile_fini(&f);
	buf_fini(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_corrupt),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
