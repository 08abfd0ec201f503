/* SPDX-License-Identifier: ISC */
#include "front/rate.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "sys/addr.h"

#include "tests/unit.h"

enum { UNIT_MS = 60000, CONNECTIONS = 0, MESSAGES = 2, AUTHS = 1 };

static int64_t now_ms = 1000000;

static uint32_t
count(const char *ip, unsigned which)
{
	uint8_t key[RATE_KEY_BYTES];
	struct addr a;

	assert_int_equal(addr_parse(&a, slice_str(ip), 1, NULL), 0);
	rate_key(&a, key);
	return rate_count(key, which, now_ms, UNIT_MS);
}

/* Every test has a table of its own. */
static int
setup(void **state)
{
	const int fd = rate_create(NULL);

	(void)state;
	assert_int_not_equal(fd, -1);
	assert_int_equal(rate_use(fd, NULL), 0);
	return close(fd);
}

static void
test_who_counts_together(void **state)
{
	(void)state;
	assert_int_equal(count("192.0.2.1", CONNECTIONS), 1);
	assert_int_equal(count("[::ffff:192.0.2.1]", CONNECTIONS), 2);
	assert_int_equal(count("192.0.2.2", CONNECTIONS), 1);
	assert_int_equal(count("[2001:db8::1]", CONNECTIONS), 1);
	assert_int_equal(count("[2001:db8::ffff:1:2]", CONNECTIONS), 2);
	assert_int_equal(count("[2001:db8:0:1::1]", CONNECTIONS), 1);
	assert_int_equal(count("192.0.2.1", MESSAGES), 1);
	assert_int_equal(count("192.0.2.1", CONNECTIONS), 3);
}

static void
test_period(void **state)
{
	(void)state;
	assert_int_equal(count("192.0.2.1", CONNECTIONS), 1);
	now_ms += UNIT_MS - 1;
	assert_int_equal(count("192.0.2.1", CONNECTIONS), 2);
	assert_int_equal(count("192.0.2.1", AUTHS), 1);
	now_ms += 1;
	assert_int_equal(count("192.0.2.1", CONNECTIONS), 1);
	assert_int_equal(count("192.0.2.1", AUTHS), 1);
	now_ms += UNIT_MS / 2;
	assert_int_equal(count("192.0.2.1", CONNECTIONS), 2);
	/* what the table says of the future is not believed */
	now_ms -= UNIT_MS;
	assert_int_equal(count("192.0.2.1", CONNECTIONS), 1);
	now_ms += UNIT_MS;
}

/* More clients than places: one that is at it keeps its count. */
static void
test_bounded(void **state)
{
	char ip[32];

	(void)state;
	for (int i = 1; i <= 10; i++)
		assert_int_equal(count("192.0.2.1", CONNECTIONS), i);
	for (unsigned i = 0; i < 300000; i++) {
		snprintf(
		    ip, sizeof ip, "[2001:db8:%x:%x::1]", i >> 16, i & 0xffff);
		(void)count(ip, CONNECTIONS);
	}
	assert_int_equal(count("192.0.2.1", CONNECTIONS), 11);
}

static void
test_processes_count_together(void **state)
{
	enum { PROCESSES = 4, EACH = 1000 };
	int status;

	(void)state;
	(void)count("192.0.2.1", CONNECTIONS);
	for (int p = 0; p < PROCESSES; p++) {
		const pid_t pid = fork();

		assert_int_not_equal(pid, -1);
		for (int i = 0; pid == 0 && i < EACH; i++)
			(void)count("192.0.2.1", CONNECTIONS);
		if (pid == 0)
			_exit(0);
	}
	for (int p = 0; p < PROCESSES; p++)
		assert_true(wait(&status) > 0 && status == 0);
	assert_int_equal(count("192.0.2.1", CONNECTIONS), PROCESSES * EACH + 2);
}

/* One who was taken over cannot take the memory away from the others. */
static void
test_sealed(void **state)
{
	const int fd = rate_create(NULL);

	(void)state;
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 1 << 30), -1);
	close(fd);
}

static void
test_no_table(void **state)
{
	const int fd = fileno(tmpfile());
	struct err err;

	(void)state;
	assert_int_equal(rate_use(fd, &err), -1);
	assert_int_equal(count("192.0.2.1", CONNECTIONS), 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_who_counts_together, setup),
		cmocka_unit_test_setup(test_period, setup),
		cmocka_unit_test_setup(test_bounded, setup),
		cmocka_unit_test_setup(test_processes_count_together, setup),
		cmocka_unit_test_setup(test_sealed, setup),
		cmocka_unit_test_setup(test_no_table, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
