/* SPDX-License-Identifier: ISC */
/* System calls that reading costs: in a turn of the loop the store looks once
 * whether others took its files away, however often it is asked. */
#include "tests/unit/store/fixture.h"

#include "base/mem.h"
#include "ev/loop.h"
#include "maildir/filename.h"

enum { MANY = 100 };

static unsigned fstats;

/* In libc's place. */
int
fstat(int fd, struct stat *st)
{
	fstats++;
	return fstatat(fd, "", st, AT_EMPTY_PATH);
}

static struct ev_task task;
static struct mailbox *box;
static unsigned turn;

static void
read_all(void)
{
	for (uint32_t uid = 1; uid <= MANY; uid++) {
		(void)fx_info(box, uid);
		(void)mailbox_keywords(box);
	}
}

static void
on_task(struct ev_task *t)
{
	switch (++turn) {
	case 1:
		fstats = 0;
		read_all();
		assert_in_range(fstats, 1, 2);
		/* Not noticed before the next turn. */
		tree_remove(AT_FDCWD, fx_path("pabal.index"));
		fstats = 0;
		read_all();
		assert_int_equal(fstats, 0);
		ev_task_queue(t);
		break;
	case 2:
		read_all();
		assert_int_equal(access(fx_path("pabal.index"), F_OK), 0);
		fx_flags(box, 8, FLAGS_ADD, MSG_FLAGGED, "");
		ev_task_queue(t);
		break;
	case 3:
		fstats = 0;
		fx_flags(box, 7, FLAGS_ADD, MSG_FLAGGED, "");
		assert_in_range(fstats, 1, 6);
		/* Whoever changes something notices at once. */
		tree_remove(AT_FDCWD, fx_path("pabal.index"));
		fx_flags(box, 9, FLAGS_ADD, MSG_FLAGGED, "");
		ev_task_queue(t);
		break;
	case 4:
		assert_true((fx_info(box, 9).flags & MSG_FLAGGED) != 0);
		ev_stop();
		break;
	default:
		fail();
	}
}

static void
test_one_look_a_turn(void **state)
{
	(void)state;
	box = fx_box("INBOX");
	for (unsigned i = 0; i < MANY; i++)
		fx_append(box, "Subject: x\r\n\r\nx\r\n", 0);
	ev_init();
	ev_task_init(&task, on_task);
	ev_task_queue(&task);
	ev_run();
	assert_int_equal(turn, 4);
	/* Without a loop, each time. */
	fstats = 0;
	read_all();
	assert_true(fstats >= MANY);
	mailbox_close(&box);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX(test_one_look_a_turn),
	};

	if (access("/dev/shm", W_OK) == 0)
		fx_top = "/dev/shm";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
