/* SPDX-License-Identifier: ISC */
#include "pipe/include.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_long_list),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
