/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/bad.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "log/log.h"
#include "qmgr/report/notice.h"
#include "sys/fd.h"
#include "tests/fault.h"
#include "tests/unit/qmgr/frame.h"

static char *dir;
static int root, from;

static const char head[] = "pabal-queue 1\nid ID1\narrived 1700000000000000\n"
			   "size 00000000000000000005\nsender a@b.c\n"
			   "protocol SMTP\nrcpt x@y.z notify=NEVER\n"
			   "rcpt z@y.z\nend 01234567\n";

static int
setup(void **state)
{
	struct err err;

	(void)state;
	dir = frame_dir();
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ev_init();
	log_set(LOG_LOGFMT, LOG_LVL_ERR);
	notice_init();
	from = mkdirat(root, "from", 0700) == 0
		   ? openat(root, "from", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
		   : -1;
	return bad_init(root, &err);
}

static int
teardown(void **state)
{
	(void)state;
	return frame_remove(dir);
}

static void
make(const char *name, struct slice text)
{
	int fd =
	    openat(from, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(fd_write_all(fd, text, NULL), 0);
	fd_close(&fd);
}

static bool
exists(int at, const char *name)
{
	struct stat st;

	return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Damage of what somebody may miss, and what nobody was told of. */
static void
test_kinds(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text; /* behind the head, or instead of it */
		bool head, at_start;
		enum bad_kind kind;
	} rows[] = {
		{ "hello",        true,  true,  BAD_DAMAGED },
		{ "hello + tail", true,  true,  BAD_DAMAGED },
		{ "hell",         true,  true,  BAD_UNACKNOWLEDGED },
		{ "",             true,  true,  BAD_UNACKNOWLEDGED },
		/* this process had acknowledged it */
		{ "hell",         true,  false, BAD_DAMAGED },
		{ "",             false, false, BAD_DAMAGED },
		/* nothing, or a head that was not written yet */
		{ "",             false, true,  BAD_UNACKNOWLEDGED },
		{ "pabal-queue 1\nid ID1\nsize 0000",  false, true, BAD_UNACKNOWLEDGED },
		{ "pabal-queue 1\nsize 00000000000000000500\nhello", false, true, BAD_UNACKNOWLEDGED },
		/* whole as far as can be seen */
		{ "pabal-queue 1\nsize 00000000000000000005\nhello world, hello", false, true, BAD_DAMAGED },
		{ "a foreign file", false, true, BAD_DAMAGED },
		{ "pabal-queue 1\nprotocol NOTICE\nsize 0005\nend 0\nhello", false, true, BAD_NOTICE },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text = { .max = 4096 };
		struct arena arena;
		struct bad_file f;

		arena_init(&arena);
		buf_adds(&text, rows[i].head ? head : "");
		buf_adds(&text, rows[i].text);
		make("F", buf_slice(&text));
		bad_put(from, "F", rows[i].at_start, "why it is");
		assert_false(exists(from, "F"));
		assert_int_equal(bad_read(SLICE("F"), &arena, &f, NULL), 0);
		assert_int_equal(f.kind, rows[i].kind);
		assert_true(slice_is(f.why, "why it is"));
		assert_int_equal(f.file_bytes, text.n);
		assert_true(f.time_ms > 0 && !f.told);
		bad_told(SLICE("F"));
		assert_int_equal(bad_read(SLICE("F"), &arena, &f, NULL), 0);
		assert_true(f.told);
		assert_int_equal(bad_delete(SLICE("F"), NULL), 0);
		assert_int_equal(bad_count(), 0);
		buf_fini(&text);
		arena_fini(&arena);
	}
}

/* A hole where the head will be. */
static void
test_hole(void **state)
{
	static const char text[4000] = { [3990] = 'x' };
	struct arena arena;
	struct bad_file f;

	(void)state;
	arena_init(&arena);
	make("H", slice_of(text, sizeof text));
	bad_put(from, "H", true, "no head");
	assert_int_equal(bad_read(SLICE("H"), &arena, &f, NULL), 0);
	assert_int_equal(f.kind, BAD_UNACKNOWLEDGED);
	assert_int_equal(bad_delete(SLICE("H"), NULL), 0);
	arena_fini(&arena);
}

static void
test_what_can_be_read(void **state)
{
	struct arena arena;
	struct bad_file f;

	(void)state;
	arena_init(&arena);
	make("R", slice_str(head));
	bad_put(from, "R", false, "torn");
	assert_int_equal(bad_read(SLICE("R"), &arena, &f, NULL), 0);
	assert_true(slice_is(f.id, "ID1"));
	assert_true(slice_is(f.sender, "a@b.c"));
	assert_int_equal(f.arrived_us, 1700000000000000);
	assert_int_equal(f.nrcpts, 2);
	assert_true(slice_is(f.rcpts[0], "x@y.z"));
	assert_true(slice_is(f.rcpts[1], "z@y.z"));
	assert_int_equal(bad_delete(SLICE("R"), NULL), 0);
	arena_fini(&arena);
}

static void
test_names(void **state)
{
	static const char *const wrong[] = { "", ".", "..", "../from/x", "a/b",
		"N0.why", "absent" };
	struct slice names[3], after = SLICE("");
	struct arena arena;
	bool more = true;
	size_t n = 0;

	(void)state;
	arena_init(&arena);
	for (int i = 0; i < 8; i++) {
		char name[10];

		snprintf(name, sizeof name, "N%d", i * 5 % 8);
		make(name, SLICE("x"));
		bad_put(from, name, false, "x");
	}
	/* One of a name that is taken already. */
	make("N3", SLICE("another"));
	bad_put(from, "N3", false, "x");
	assert_int_equal(bad_count(), 9);
	while (more) {
		const size_t got =
		    bad_names(after, ARRAY_LEN(names), names, &arena, &more);

		for (size_t i = 0; i < got; i++) {
			assert_true(slice_cmp(names[i], after) > 0);
			after = names[i];
		}
		n += got;
	}
	assert_int_equal(n, 9);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct err err = { 0 };

		assert_int_equal(bad_open(slice_str(wrong[i]), &err), -1);
		assert_int_equal(err.class, ERR_PERM);
		assert_int_equal(bad_delete(slice_str(wrong[i]), &err), -1);
	}
	more = true;
	while ((n = bad_names(SLICE(""), 3, names, &arena, &more)) > 0)
		while (n-- > 0)
			assert_int_equal(bad_delete(names[n], NULL), 0);
	assert_int_equal(bad_count(), 0);
	arena_fini(&arena);
}

/* Whatever call fails, the file stands in one of the two places. */
static void
test_faults(void **state)
{
	static const enum fault_kind kinds[] = { FAULT_SHORT, FAULT_NOSPC,
		FAULT_IO };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		for (unsigned nth = 1; nth <= 12; nth++) {
			make("S", slice_str(head));
			fault_arm(kinds[k], nth, nth % 2 == 0);
			bad_put(from, "S", false, "x");
			assert_true(exists(from, "S") != exists(root, "bad/S"));
			if (exists(root, "bad/S"))
				(void)bad_take(SLICE("S"), from, "S", NULL);
			assert_true(exists(from, "S") != exists(root, "bad/S"));
			fault_off();
			if (exists(from, "S"))
				assert_int_equal(
				    bad_give_back(SLICE("S"), from, "S", NULL),
				    0);
			assert_int_equal(bad_delete(SLICE("S"), NULL), 0);
			assert_false(exists(root, "bad/S.why"));
			assert_int_equal(bad_count(), 0);
		}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_hole),
		cmocka_unit_test(test_what_can_be_read),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
