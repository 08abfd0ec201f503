/* SPDX-License-Identifier: ISC */
/* What is said of long work on a terminal, and to nobody else. */
#include "ctl/view/progress.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/clock.h"

enum { PATIENCE_MS = 20000 };

static int64_t now_ms = 5000;

int64_t
clock_ms(void)
{
	return now_ms;
}

int64_t
clock_us(void)
{
	return now_ms * 1000;
}

int64_t
clock_cpu_us(void)
{
	return 0;
}

int64_t
clock_wall_us(void)
{
	return now_ms * 1000;
}

int64_t
clock_wall_s(void)
{
	return now_ms / 1000;
}

/* The first N bytes said on FD since the last time, or all there are, if no
 * more come: a terminal passes them on when it likes. */
static const char *
said(int fd, size_t n)
{
	static char text[200];
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t have = 0;

	do {
		const ssize_t got =
		    read(fd, text + have, sizeof text - 1 - have);

		have += got > 0 ? (size_t)got : 0;
	} while (have < n && poll(&p, 1, PATIENCE_MS) == 1);
	text[have] = '\0';
	return text;
}

static void
work(void)
{
	progress_begin("delete", 100);
	progress_at(5); /* too soon: short work says nothing */
	now_ms += 1000;
	progress_at(10);
	progress_at(11); /* 200 ms between two */
	now_ms += 200;
	progress_at(12);
	progress_end();
	progress_at(13);
	progress_end();
	progress_begin("counted", 0);
	now_ms += 1000;
	progress_at(7);
	progress_end();
}

/* Standard error is FD while there is work. */
static void
work_on(int fd)
{
	const int before = dup(STDERR_FILENO);

	assert_int_not_equal(before, -1);
	assert_int_not_equal(dup2(fd, STDERR_FILENO), -1);
	work();
	(void)dup2(before, STDERR_FILENO);
	close(before);
}

static void
test_terminal(void **state)
{
	static const char expected[] =
	    "\rdelete: 10 of 100\033[K\rdelete: 12 of 100\033[K\r\033[K"
	    "\rcounted: 7\033[K\r\033[K";
	const int host = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	int terminal;

	(void)state;
	assert_int_equal(grantpt(host), 0);
	assert_int_equal(unlockpt(host), 0);
	terminal = open(ptsname(host), O_RDWR | O_NOCTTY);
	assert_int_not_equal(terminal, -1);
	work_on(terminal);
	assert_string_equal(said(host, sizeof expected - 1), expected);
	close(terminal);
	close(host);
}

static void
test_no_terminal(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	work_on(ends[1]);
	assert_string_equal(said(ends[0], 0), "");
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
