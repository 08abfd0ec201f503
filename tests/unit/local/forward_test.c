/* SPDX-License-Identifier: ISC */
#include "local/forward.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static char home[] = "/tmp/pabal-forward.XXXXXX";
static int home_fd;

static int
setup(void **state)
{
	(void)state;
	snprintf(home, sizeof home, "/tmp/pabal-forward.XXXXXX");
	assert_non_null(mkdtemp(home));
	home_fd = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return home_fd == -1 ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlinkat(home_fd, ".forward", 0);
	unlinkat(home_fd, "real", 0);
	close(home_fd);
	return rmdir(home);
}

static void
write_file(const char *name, const char *text, mode_t mode)
{
	int fd = openat(
	    home_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd != -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static enum found
read_it(struct buf *targets, bool *keep)
{
	struct err err = { 0 };

	buf_reset(targets);
	return forward_read(home_fd, SLICE("joe@example.org"), SLICE("joe"),
	    targets, keep, &err);
}

static void
test_contents(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		enum found found;
		bool keep;
		const char *has; /* a part of the targets; NULL: none at all */
	} rows[] = {
		{ "a@b.example\n",                  FOUND,  false, "a@b.example" },
		{ "joe, a@b.example\n",             FOUND,  true,  "a@b.example" },
		{ "\\joe\na@b.example\n",           FOUND,  true,  "a@b.example" },
		{ "JOE@Example.ORG\na@b.example\n", FOUND,  true,  "a@b.example" },
		{ "joe\n",                          FOUND,  true,  NULL },
		{ "\"|/usr/bin/vacation joe\"\n",   FOUND,  false, "/usr/bin/vacation joe" },
		{ "# nothing\n\n",                  ABSENT, false, NULL },
		{ "",                               ABSENT, false, NULL },
	};
	/* clang-format on */
	struct buf targets;
	bool keep = false;

	(void)state;
	buf_init(&targets, 4096);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		write_file(".forward", rows[i].text, 0600);
		if (read_it(&targets, &keep) != rows[i].found)
			fail_msg("row %zu", i);
		if (rows[i].found == FOUND)
			assert_int_equal(keep, rows[i].keep);
		if (rows[i].has == NULL)
			assert_int_equal(targets.n, 0);
		else
			assert_non_null(
			    strstr(buf_cstr(&targets), rows[i].has));
	}
	buf_fini(&targets);
}

static void
test_refused(void **state)
{
	char big[70000];
	struct buf targets;
	bool keep;

	(void)state;
	buf_init(&targets, 4096);
	assert_int_equal(read_it(&targets, &keep), ABSENT);
	write_file(".forward", "a@b.example\n", 0620);
	assert_int_equal(read_it(&targets, &keep), TEMPFAIL);
	write_file(".forward", "a@b.example\n", 0602);
	assert_int_equal(read_it(&targets, &keep), TEMPFAIL);
	memset(big, '#', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	write_file(".forward", big, 0600);
	assert_int_equal(read_it(&targets, &keep), TEMPFAIL);
	unlinkat(home_fd, ".forward", 0);
	write_file("real", "a@b.example\n", 0600);
	assert_int_equal(symlinkat("real", home_fd, ".forward"), 0);
	assert_int_equal(read_it(&targets, &keep), TEMPFAIL);
	unlinkat(home_fd, ".forward", 0);
	/* Nobody writes into it, and we do not wait for it. */
	assert_int_equal(mkfifoat(home_fd, ".forward", 0600), 0);
	assert_int_equal(read_it(&targets, &keep), TEMPFAIL);
	buf_fini(&targets);
}

/* The error goes to the sender of the message. */
static void
test_says_nothing(void **state)
{
	struct buf targets = { .max = 4096 };
	struct err err = { 0 };
	bool keep;

	(void)state;
	write_file(".forward", "a@b.example\n\nmy secret plans\n", 0600);
	assert_int_equal(forward_read(home_fd, SLICE("joe@example.org"),
			     SLICE("joe"), &targets, &keep, &err),
	    TEMPFAIL);
	assert_int_equal(err.class, ERR_TEMP);
	assert_null(strstr(err.text, "secret"));
	assert_non_null(strstr(err.text, "line 3: "));
	buf_fini(&targets);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_contents, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_says_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
