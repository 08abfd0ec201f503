/* SPDX-License-Identifier: ISC */
#include "pipe/include.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/fd.h"
#include "table/alias.h"

static char path[] = "/tmp/pabal-include-XXXXXX";

static void
write_list(const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(fd_write_all(fd, slice_str(text), NULL), 0);
	fd_close(&fd);
}

static int
setup(void **state)
{
	(void)state;
	return close(mkstemp(path));
}

static int
teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static int
read_from(const char *target, struct buf *out)
{
	struct err err = { 0 };
	const int rc = include_read(slice_str(target), out, &err);

	if (rc == -1)
		assert_int_equal(err.class, ERR_TEMP);
	return rc;
}

/* More members than a list may have will not become fewer by waiting. */
static void
test_too_long(void **state)
{
	struct buf list = { .max = 1 << 20 }, out = { .max = 50000 };
	char *target = xasprintf(":include:%s", path);
	struct err err = { 0 };

	(void)state;
	for (int i = 0; i <= ALIAS_TARGETS_MAX; i++)
		buf_addf(&list, "user%04d@example.org\n", i);
	write_list(buf_cstr(&list));
	assert_int_equal(include_read(slice_str(target), &out, &err), -1);
	assert_int_equal(err.class, ERR_PERM);
	write_list("good@example.org, \"no end\n");
	assert_int_equal(include_read(slice_str(target), &out, &err), -1);
	assert_int_equal(err.class, ERR_TEMP);
	free(target);
	buf_fini(&list);
	buf_fini(&out);
}

/* Whoever names a list may name any file its reader can open, and gets the
 * error in a report. */
static void
test_says_nothing(void **state)
{
	static const char *const lists[] = {
		"alice@a.test alice:$y$j9T$secret\n",
		"good@example.org, alice:$y$j9T$secret:1000\n",
		"good@example.org, |\"secret\n",
		"good@example.org, /secret/\n",
		"good@example.org, secret\001\n",
		"good@example.org, \"|\" secret\n",
	};
	struct buf out = { .max = 50000 };
	char *target = xasprintf(":include:%s", path);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct err err = { 0 };
		char *list = xasprintf("# one\n%s", lists[i]);

		write_list(list);
		assert_int_equal(
		    include_read(slice_str(target), &out, &err), -1);
		if (strstr(err.text, "secret") != NULL ||
		    strstr(err.text, "line 2: ") == NULL)
			fail_msg("%s", err.text);
		free(list);
	}
	free(target);
	buf_fini(&out);
}

/* An empty list waits for members, and says which one it is. */
static void
test_empty(void **state)
{
	static const char *const lists[] = { "", "\n", "# nobody yet\n" };
	struct buf out = { .max = 50000 };
	char *target = xasprintf(":include:%s", path);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct err err = { 0 };

		write_list(lists[i]);
		assert_int_equal(
		    include_read(slice_str(target), &out, &err), -1);
		assert_int_equal(err.class, ERR_TEMP);
		assert_non_null(strstr(err.text, path));
	}
	free(target);
	buf_fini(&out);
}

static void
test_refusals(void **state)
{
	static const char *const rows[] = { "", ":include:", ":include:list",
		":include:+5", ":include:+x:/etc/list",
		":include:/no/such/list", ":include:/dev/null", ":include:/tmp",
		"|/bin/true" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = { .max = 50000 };

		assert_int_equal(read_from(rows[i], &out), -1);
		buf_fini(&out);
	}
}

/* 5,000 addresses arrive whole, once each, in several answers. */
static void
test_long_list(void **state)
{
	struct buf list = { .max = 1 << 20 };
	char *target = xasprintf(":include:%s", path);
	unsigned seen = 0, answers = 0;

	(void)state;
	buf_adds(&list, "# members\n");
	for (int i = 0; i < 5000; i++)
		buf_addf(&list, "user%04d@example.org\n", i);
	write_list(buf_cstr(&list));
	while (target != NULL) {
		struct buf out = { .max = 50000 };
		struct alias_target t;
		struct cur c;

		assert_int_equal(read_from(target, &out), 0);
		free(target);
		target = NULL;
		c = cur_of(buf_slice(&out));
		while (alias_next(&c, &t)) {
			char want[32];

			if (t.kind == ALIAS_INCLUDE) {
				target = xasprintf(
				    ":include:%.*s", SLICE_FMT(t.text));
				continue;
			}
			snprintf(
			    want, sizeof want, "user%04u@example.org", seen++);
			assert_true(slice_is(t.text, want));
		}
		assert_true(cur_ok(&c));
		answers++;
		buf_fini(&out);
	}
	assert_int_equal(seen, 5000);
	assert_true(answers > 1);
	buf_fini(&list);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_says_nothing),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_long_list),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
