/* SPDX-License-Identifier: ISC */
#include "sys/id.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit.h"

static void
test_order(void **state)
{
	char last[ID_MAX_BYTES] = "", id[ID_MAX_BYTES];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		id_new(id, 0, 2);
		assert_int_equal(strlen(id), 13);
		assert_true(strcmp(last, id) < 0);
		memcpy(last, id, sizeof last);
	}
}

static void
test_tail(void **state)
{
	static const struct {
		uint32_t tail;
		unsigned digits;
		const char *text;
	} rows[] = {
		{ 0, 2, "00" },
		{ 1, 2, "01" },
		{ 31, 2, "0Z" },
		{ 32, 2, "10" },
		{ 1023, 2, "ZZ" },
		{ 1024, 2, "00" },
		{ 1024, 3, "100" },
		{ UINT32_MAX, 3, "ZZZ" },
	};
	char id[ID_MAX_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		id_new(id, rows[i].tail, rows[i].digits);
		assert_string_equal(id + 11, rows[i].text);
	}
}

/* A child has a pid and numbers of its own. */
static void
test_fork(void **state)
{
	const uint32_t parent = id_pid();
	uint32_t child[2];
	int ends[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(parent, getpid());
	(void)id_random(); /* others are in store now */
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid != -1);
	if (pid == 0) {
		child[0] = id_pid();
		child[1] = id_random();
		_exit(write(ends[1], child, sizeof child) == sizeof child ? 0
									  : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(
	    read(ends[0], child, sizeof child), (ssize_t)sizeof child);
	assert_int_equal(child[0], pid);
	assert_int_equal(id_pid(), parent);
	assert_true(child[1] != id_random());
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_tail),
		cmocka_unit_test(test_fork),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
