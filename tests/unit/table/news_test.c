/* SPDX-License-Identifier: ISC */
#include "table/news.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[32] = "/tmp/pabal-news.XXXXXX";
static struct table_news news;
static unsigned told;

static void
on_change(void)
{
	told++;
	ev_stop();
}

static int
setup(void **state)
{
	int fd;

	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ev_init();
	table_news_start(&news, fd, on_change);
	close(fd);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	table_news_stop(&news);
	return rmdir(dir);
}

static int
make(const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	return open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static void
test_tells(void **state)
{
	char path[64];
	int fd;

	(void)state;
	assert_true(table_news_sees(&news));
	/* nothing was looked at yet */
	assert_true(table_news_due(&news));
	assert_false(table_news_due(&news));
	fd = make("aliases");
	ev_run();
	assert_int_equal(told, 1);
	assert_true(table_news_due(&news));
	assert_false(table_news_due(&news));
	/* what is appended in place */
	assert_int_equal(write(fd, "x", 1), 1);
	ev_run();
	assert_true(table_news_due(&news));
	close(fd);
	snprintf(path, sizeof path, "%s/aliases", dir);
	assert_int_equal(unlink(path), 0);
	ev_run();
	assert_true(table_news_due(&news));
}

static void
test_blind(void **state)
{
	struct table_news blind;

	(void)state;
	table_news_start(&blind, -1, on_change);
	assert_false(table_news_sees(&blind));
	assert_true(table_news_due(&blind));
	assert_true(table_news_due(&blind));
	table_news_stop(&blind);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tells),
		cmocka_unit_test(test_blind),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
