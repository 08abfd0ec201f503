/* SPDX-License-Identifier: ISC */
/* The index that the logger writes: records are of whole lines, stand where
 * they can be found, and never tell of what is not there. */
#include "logger/index.h"

#include "tests/unit.h"

#include "tests/fault.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "log/block.h"
#include "log/keys.h"

enum { LINES = 12000 };

static int log_fd, index_fd;
static unsigned next_line;
static struct buf text, index_text;

static void
setup(void)
{
	log_fd = memfd_create("log", MFD_CLOEXEC);
	index_fd = memfd_create("index", MFD_CLOEXEC);
	assert_true(log_fd != -1 && index_fd != -1);
	next_line = 0;
	buf_init(&text, 64 << 20);
	buf_init(&index_text, 64 << 20);
}

static void
teardown(void)
{
	logger_index_close(0);
	close(log_fd);
	close(index_fd);
	buf_fini(&text);
	buf_fini(&index_text);
}

/* Both are for appending, as master opens them. */
static int
dup_append(int fd)
{
	char path[40];
	int copy;

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	copy = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_not_equal(copy, -1);
	return copy;
}

static void
open_index(size_t begun)
{
	logger_index_open(dup_append(index_fd), log_fd, begun);
}

static void
append(struct slice s)
{
	const int fd = dup_append(log_fd);

	assert_int_equal(write(fd, s.p, s.n), s.n);
	close(fd);
}

/* N lines are written, and BEGUN bytes of one more. */
static void
add_lines(unsigned n, struct slice begun)
{
	struct buf b = { .max = 8 << 20 };

	for (unsigned i = 0; i < n; i++, next_line++)
		buf_addf(&b,
		    "2026-11-20T21:%02u:%02u.%06uZ qmgr[7] info: x "
		    "to=u%u@x.test n=%u\n",
		    next_line / 60 % 60, next_line % 60, next_line, next_line,
		    next_line);
	append(buf_slice(&b));
	append(begun);
	logger_index_add(buf_slice(&b), begun.n);
	buf_fini(&b);
}

static void
read_all(int fd, struct buf *b)
{
	ssize_t n;

	buf_reset(b);
	while ((n = pread(fd, buf_room(b, 1 << 16), 1 << 16, (off_t)b->n)) > 0)
		buf_added(b, (size_t)n);
}

/* Does B hold just lines of the log, and all their keys? */
static void
check_block(const struct log_block *b)
{
	struct slice lines = slice_sub(buf_slice(&text), b->offset, b->length);

	assert_int_equal(lines.n, b->length);
	assert_true(b->offset == 0 || text.p[b->offset - 1] == '\n');
	assert_int_equal(lines.p[lines.n - 1], '\n');
	assert_memory_equal(log_time_of(lines).p, b->first, LOG_TIME_BYTES);
	while (lines.n > 0) {
		struct log_keys k = log_keys_of(slice_cut(lines, '\n', &lines));
		uint64_t hash;

		while (log_keys_next(&k, &hash))
			assert_true(log_block_may_have(b, hash));
	}
}

/* Bytes of the log that the records tell of; how many do not parse. */
static uint64_t
check_index(unsigned *corrupt)
{
	static struct log_block b;
	uint64_t covered = 0;

	read_all(log_fd, &text);
	read_all(index_fd, &index_text);
	*corrupt = 0;
	for (size_t at = 0; at + LOG_BLOCK_RECORD <= index_text.n;
	     at += LOG_BLOCK_RECORD) {
		if (!log_block_get(&b, index_text.p + at)) {
			++*corrupt;
			continue;
		}
		check_block(&b);
		covered += b.length;
	}
	return covered;
}

static void
test_everything_is_covered(void **state)
{
	unsigned corrupt;
	uint64_t covered;

	(void)state;
	setup();
	open_index(0);
	for (int i = 0; i < 12; i++)
		add_lines(LINES / 12, SLICE(""));
	logger_index_close(0);
	covered = check_index(&corrupt);
	assert_int_equal(covered, text.n);
	assert_int_equal(corrupt, 0);
	assert_true(index_text.n / LOG_BLOCK_RECORD >= LINES / LOG_BLOCK_KEYS);
	/* opened again it goes on where it was */
	open_index(0);
	add_lines(10, SLICE(""));
	logger_index_close(0);
	covered = check_index(&corrupt);
	assert_int_equal(covered, text.n);
	teardown();
}

/* A line that has no end when the file is changed is in no block. */
static void
test_line_without_end(void **state)
{
	unsigned corrupt;
	uint64_t covered;

	(void)state;
	setup();
	open_index(0);
	add_lines(100, SLICE("2026-11-20T21:1"));
	logger_index_close(15);
	covered = check_index(&corrupt);
	assert_int_equal(covered, text.n - 15);
	/* in a file that has one already, too */
	append(SLICE("2"));
	open_index(1);
	append(SLICE("026\n"));
	teardown();
}

/* Somebody else writes into the log, or cuts it off: the block that this
 * happened in is not told of, those behind it are. */
static void
test_strange_hands(void **state)
{
	unsigned corrupt;
	uint64_t covered;

	(void)state;
	setup();
	open_index(0);
	add_lines(LINES / 2, SLICE(""));
	append(SLICE("2026-11-20T21:15:54.953076Z echo[1] info: x to=z@z\n"));
	add_lines(LINES / 2, SLICE(""));
	logger_index_close(0);
	covered = check_index(&corrupt);
	assert_true(covered < text.n && covered > text.n / 2);
	assert_int_equal(ftruncate(log_fd, 0), 0);
	assert_int_equal(ftruncate(index_fd, 0), 0);
	open_index(0);
	add_lines(10, SLICE(""));
	assert_int_equal(ftruncate(log_fd, 0), 0);
	add_lines(LINES, SLICE(""));
	logger_index_close(0);
	covered = check_index(&corrupt);
	assert_true(covered < text.n && covered > text.n / 2);
	teardown();
}

/* What bears no time stands between blocks. */
static void
test_no_time(void **state)
{
	const struct slice line = SLICE("<6>qmgr[7] info: x to=a@b\n");
	unsigned corrupt;
	uint64_t covered;

	(void)state;
	setup();
	open_index(0);
	append(line);
	logger_index_add(line, 0);
	add_lines(100, SLICE(""));
	append(line);
	logger_index_add(line, 0);
	add_lines(100, SLICE(""));
	logger_index_close(0);
	covered = check_index(&corrupt);
	assert_int_equal(covered, text.n - 2 * line.n);
	teardown();
}

/* Whichever write fails: all other records are there, and whole. */
static void
test_full_disk(void **state)
{
	static const enum fault_kind kinds[] = { FAULT_NOSPC, FAULT_SHORT,
		FAULT_IO };

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		unsigned corrupt;
		uint64_t covered;
		const bool for_ever = i >= 3;

		setup();
		open_index(0);
		add_lines(3, SLICE(""));
		for (int j = 0; j < 10; j++) {
			struct buf b = { .max = 8 << 20 };

			fault_off(); /* for the log itself */
			for (unsigned n = 0; n < LINES / 10; n++, next_line++)
				buf_addf(&b,
				    "2026-11-20T21:15:54.%06uZ q[7] info: x "
				    "to=u%u@x.test\n",
				    next_line, next_line);
			append(buf_slice(&b));
			if (j == 2 || (j > 2 && j < 6 && for_ever))
				fault_arm(kinds[i % 3], 1, for_ever);
			logger_index_add(buf_slice(&b), 0);
			buf_fini(&b);
		}
		logger_index_close(0);
		covered = check_index(&corrupt);
		assert_true(covered < text.n);
		assert_true(covered > text.n / 4);
		assert_int_equal(index_text.n % LOG_BLOCK_RECORD, 0);
		assert_int_equal(corrupt, kinds[i % 3] == FAULT_SHORT);
		teardown();
	}
}

/* One that ended within a record is filled up by the next logger. */
static void
test_torn_before(void **state)
{
	unsigned corrupt;
	uint64_t covered;

	(void)state;
	setup();
	assert_int_equal(write(index_fd, "torn", 4), 4);
	open_index(0);
	add_lines(100, SLICE(""));
	logger_index_close(0);
	covered = check_index(&corrupt);
	assert_int_equal(covered, text.n);
	assert_int_equal(corrupt, 1);
	teardown();
}

/* A terminal or a pipe has no index. */
static void
test_no_file(void **state)
{
	int ends[2];

	(void)state;
	setup();
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	logger_index_open(dup_append(index_fd), ends[1], 0);
	logger_index_add(SLICE("2026-11-20T21:15:54.953076Z q[7] i: x\n"), 0);
	logger_index_open(dup(ends[1]), log_fd, 0);
	add_lines(10, SLICE(""));
	logger_index_close(0);
	read_all(index_fd, &index_text);
	assert_int_equal(index_text.n, 0);
	close(ends[0]);
	close(ends[1]);
	teardown();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_is_covered),
		cmocka_unit_test(test_line_without_end),
		cmocka_unit_test(test_strange_hands),
		cmocka_unit_test(test_no_time),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_torn_before),
		cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
