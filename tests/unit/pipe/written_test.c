/* SPDX-License-Identifier: ISC */
#include "pipe/written.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sys/fd.h"

static char home[] = "/tmp/pabal-written-XXXXXX";
static char *forward, *list, *other;

static void
put(const char *path, const char *text, mode_t mode)
{
	int fd;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_int_not_equal(fd, -1);
	assert_int_equal(fd_write_all(fd, slice_str(text), NULL), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	fd_close(&fd);
}

static enum found
find(const char *target)
{
	struct err err = { 0 };

	return written_find(home, slice_str(target), &err);
}

static void
test_commands(void **state)
{
	/* clang-format off */
	static const struct {
		const char *target;
		enum found found;
	} rows[] = {
		{ "|/bin/one two",    FOUND },
		{ "|/bin/quoted, a",  FOUND },
		{ "|/bin/listed",     FOUND },
		{ "|/bin/deep",       FOUND },
		{ "|/bin/one",        ABSENT },
		{ "|/bin/one two;id", ABSENT },
		{ "|id",              ABSENT },
		{ "|",                ABSENT },
		{ "|a@b.test",        ABSENT },
		{ "",                 ABSENT },
		{ ":include:/etc/passwd", ABSENT },
		{ ":include:",        ABSENT },
	};
	/* clang-format on */
	char *text;

	(void)state;
	text = xasprintf("a@b.test, |/bin/one two\n\"|/bin/quoted, a\"\n"
			 "# |id\n:include:%s\n",
	    list);
	put(forward, text, 0600);
	free(text);
	/* and round in a ring */
	text = xasprintf(
	    "\"|/bin/listed\"\n:include:%s\n:include:%s\n", other, list);
	put(list, text, 0600);
	free(text);
	put(other, "|/bin/deep\n", 0600);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (find(rows[i].target) != rows[i].found)
			fail_msg("%s", rows[i].target);
}

static void
test_lists(void **state)
{
	char *target = xasprintf(":include:%s", other);
	char *rest = xasprintf(":include:+5/10:%s", other);

	(void)state;
	assert_int_equal(find(target), FOUND);
	assert_int_equal(find(rest), FOUND);
	put(forward, "|/bin/one\n", 0600);
	assert_int_equal(find(target), ABSENT);
	assert_int_equal(find(rest), ABSENT);
	free(target);
	free(rest);
}

/* An alias may name as many lists as it may have members; what the last of them
 * says counts as what the first does. */
static void
test_many_lists(void **state)
{
	enum { LISTS = 300 };
	struct buf text = { .max = 65536 };
	char *last = xasprintf(":include:%s", list);

	(void)state;
	for (int i = 0; i < LISTS; i++)
		buf_addf(&text, ":include:%s/no-list-%d\n", home, i);
	buf_addf(&text, "%s\n", last);
	put(forward, buf_cstr(&text), 0600);
	put(list, "|/bin/in-the-last\n", 0600);
	assert_int_equal(find("|/bin/in-the-last"), FOUND);
	assert_int_equal(find("|/bin/in-none"), ABSENT);
	assert_int_equal(find(last), FOUND);
	buf_fini(&text);
	free(last);
}

static void
test_not_his(void **state)
{
	(void)state;
	put(forward, "|id\n", 0600);
	assert_int_equal(find("|id"), FOUND);
	put(forward, "|id\n", 0620);
	assert_int_equal(find("|id"), TEMPFAIL);
	put(forward, "|id\n", 0602);
	assert_int_equal(find("|id"), TEMPFAIL);
	put(forward, "|id\nno, \"end\n", 0600);
	assert_int_equal(find("|id"), ABSENT);
	if (geteuid() == 0) {
		put(forward, "|id\n", 0600);
		assert_int_equal(chown(forward, 1234, 1234), 0);
		assert_int_equal(find("|id"), TEMPFAIL);
	}
	assert_int_equal(unlink(forward), 0);
	put(list, "|id\n", 0600);
	assert_int_equal(symlink(list, forward), 0);
	assert_int_equal(find("|id"), TEMPFAIL);
	assert_int_equal(unlink(forward), 0);
	assert_int_equal(mkfifo(forward, 0600), 0);
	assert_int_equal(find("|id"), TEMPFAIL);
	assert_int_equal(unlink(forward), 0);
	assert_int_equal(find("|id"), ABSENT);
}

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(home) == NULL)
		return -1;
	forward = xasprintf("%s/.forward", home);
	list = xasprintf("%s/list", home);
	other = xasprintf("%s/other", home);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(forward);
	(void)unlink(list);
	(void)unlink(other);
	free(forward);
	free(list);
	free(other);
	return rmdir(home);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_many_lists),
		cmocka_unit_test(test_not_his),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
