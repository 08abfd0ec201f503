/* SPDX-License-Identifier: ISC */
#include "front/rate.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "sys/addr.h"

#include "tests/unit.h"

enum { UNIT_MS = 60000, CONNECTIONS = 0, MESSAGES = 2, AUTHS = 1 };

static int64_t now_ms = 1000000;
static int table_fd = -1;

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
	(void)state;
	table_fd = rate_create(NULL);
	assert_int_not_equal(table_fd, -1);
	return rate_use(table_fd, NULL);
}

static int
teardown(void **state)
{
	(void)state;
	return close(table_fd);
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

static bool
is_not(pid_t pid, const void *arg)
{
	return pid != *(const pid_t *)arg;
}

/* A process that dies leaves its sessions behind until master takes them out.
 */
static void
test_sessions(void **state)
{
	static const uint8_t key[RATE_KEY_BYTES] = { 1 }, other[16] = { 2 };
	struct rate_place *p = rate_place_take(key);
	const pid_t none = -1;
	int said[2], status;
	pid_t pid;
	char c;

	(void)state;
	assert_non_null(p);
	rate_place_set(p, 3);
	assert_int_equal(rate_of_others(key), 0);
	assert_int_equal(pipe(said), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		struct rate_place *mine;

		if (rate_use(table_fd, NULL) == -1 || rate_of_others(key) != 3)
			_exit(1);
		mine = rate_place_take(key);
		rate_place_set(mine, 5);
		mine = rate_place_take(other);
		rate_place_set(mine, 1);
		rate_place_free(&mine);
		_exit(write(said[1], "", 1) == 1 ? 0 : 1);
	}
	assert_int_equal(read(said[0], &c, 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(rate_of_others(key), 5);
	assert_int_equal(rate_of_others(other), 0);
	assert_int_equal(rate_keep(table_fd, is_not, &none, NULL), 0);
	assert_int_equal(rate_of_others(key), 5);
	assert_int_equal(rate_keep(table_fd, is_not, &pid, NULL), 0);
	assert_int_equal(rate_of_others(key), 0);
	rate_place_free(&p);
	assert_null(p);
	rate_place_free(&p);
	/* no place left: that process counts alone */
	for (int i = 0; i < 64; i++)
		assert_non_null(rate_place_take(key));
	p = rate_place_take(key);
	assert_null(p);
	rate_place_set(p, 1);
	close(said[0]);
	close(said[1]);
}

/* All that a process of the service can write into the table of one client's
 * place: whatever it is, a period ends, and the counts go on from there. */
static void
test_whatever_is_written(void **state)
{
	static const int64_t times[] = { INT64_MIN, INT64_MIN + 1, -UNIT_MS - 1,
		-1, 0, 1, INT64_MAX - 1, INT64_MAX };
	static const uint32_t counts[] = { 0, 1, UINT32_MAX / 2, UINT32_MAX - 1,
		UINT32_MAX };
	/* tag, since, four counts: as rate.c has it */
	enum { WORDS = 4, SEEDS = 2 };
	uint64_t *words;
	struct stat st;
	size_t at = SEEDS;

	(void)state;
	assert_int_equal(fstat(table_fd, &st), 0);
	words = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
	    MAP_SHARED, table_fd, 0);
	assert_ptr_not_equal(words, MAP_FAILED);
	assert_int_equal(count("192.0.2.1", CONNECTIONS), 1);
	while (words[at] == 0)
		at += WORDS;
	assert_int_equal(words[at + 1], now_ms);
	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		for (size_t k = 0; k < ARRAY_LEN(counts); k++) {
			words[at + 1] = (uint64_t)times[i];
			words[at + 2] = words[at + 3] =
			    (uint64_t)counts[k] << 32 | counts[k];
			/* none of these times is in the period of now */
			assert_int_equal(count("192.0.2.1", CONNECTIONS), 1);
			assert_int_equal(count("192.0.2.1", AUTHS), 1);
		}
	/* in it, the most there can be stays the most */
	words[at + 1] = (uint64_t)now_ms;
	words[at + 2] = words[at + 3] = UINT64_MAX;
	assert_int_equal(count("192.0.2.1", AUTHS), UINT32_MAX);
	assert_int_equal(count("192.0.2.1", AUTHS), UINT32_MAX);
	now_ms += UNIT_MS;
	assert_int_equal(count("192.0.2.1", AUTHS), 1);
	/* and whose place is found does not depend on what is there */
	words[0] = words[1] = 0;
	assert_int_equal(count("192.0.2.1", AUTHS), 2);
	assert_int_equal(munmap(words, (size_t)st.st_size), 0);
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
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		T(test_who_counts_together),
		T(test_period),
		T(test_bounded),
		T(test_processes_count_together),
		T(test_sessions),
		T(test_whatever_is_written),
		T(test_sealed),
		T(test_no_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
