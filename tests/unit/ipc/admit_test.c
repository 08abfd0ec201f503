/* SPDX-License-Identifier: ISC */
/* How many channels one asker gets, and what becomes of descriptors that find
 * no room. */
#include "ipc/admit.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "ipc/frame.h"
#include "ipc/setup.h"

static int gone, counts, files;
static struct ipc *last_gone;

static void
on_gone(struct ipc *peer)
{
	gone++;
	last_gone = peer;
}

static void
on_count(struct ipc *peer, struct msg *m)
{
	(void)peer;
	(void)m;
	counts++;
}

static void
on_file(struct ipc *peer, struct msg *m)
{
	(void)peer;
	files++;
	assert_true(m->master_file.file != -1);
}

static const struct ipc_table table = {
	.on = {
		[MSG_master_count] = on_count,
		[MSG_master_file] = on_file,
	},
	.on_gone = on_gone,
};

static int
setup(void **state)
{
	static bool once;

	(void)state;
	ev_init();
	if (!once)
		ipc_setup(ROLE_QMGR, &table);
	once = true;
	gone = counts = files = 0;
	return 0;
}

static void
stop_task(struct ev_task *task)
{
	(void)task;
	ev_stop();
}

static void
turns(int n)
{
	struct ev_task task;

	for (int i = 0; i < n; i++) {
		ev_task_init(&task, stop_task);
		ev_task_queue(&task);
		ev_run();
	}
}

static int
end_of_pair(int *other)
{
	int fd[2];

	assert_int_equal(
	    socketpair(
		AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd),
	    0);
	*other = fd[1];
	return fd[0];
}

/* However often a process asks, it has one channel here. */
static void
test_one_each(void **state)
{
	struct ipc *first = NULL, *other, *peer;
	int ends[12];

	(void)state;
	other = ipc_admit(end_of_pair(&ends[10]), ROLE_SMTPD, 0, 0, 77);
	for (size_t i = 0; i < 10; i++) {
		peer = ipc_admit(end_of_pair(&ends[i]), ROLE_SMTPD, 0, 0, 4711);
		assert_non_null(peer);
		assert_int_equal(ipc_peers(), 2);
		if (i == 1)
			assert_ptr_equal(last_gone, first);
		first = peer;
	}
	assert_int_equal(gone, 9);
	/* callers from outside are not processes of pabal's */
	assert_non_null(ipc_admit(end_of_pair(&ends[11]), ROLE_CTL, 0, 0, 0));
	assert_int_equal(ipc_peers(), 3);
	assert_ptr_not_equal(other, first);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		close(ends[i]);
	turns(3);
	assert_int_equal(ipc_peers(), 0);
}

static void
test_users(void **state)
{
	int ends[200];
	size_t n = 0;
	unsigned in = 0;

	(void)state;
	for (uid_t uid = 1; uid <= 20; uid++) {
		unsigned his = 0;

		for (int i = 0; i < 6; i++)
			his += ipc_admit(end_of_pair(&ends[n++]), ROLE_USER, 0,
				   uid, 0) != NULL;
		assert_true(his <= IPC_CHANNELS_OF_UID);
		in += his;
	}
	assert_int_equal(in, IPC_CHANNELS_OF_USERS);
	assert_false(ipc_admits_user(21));
	/* the others are let in all the same */
	assert_non_null(ipc_admit(end_of_pair(&ends[n++]), ROLE_CTL, 0, 0, 0));
	assert_non_null(
	    ipc_admit(end_of_pair(&ends[n++]), ROLE_SMTPD, 0, 0, 77));
	for (size_t i = 0; i < n; i++)
		close(ends[i]);
	turns(3);
	assert_int_equal(ipc_peers(), 0);
	assert_true(ipc_admits_user(21));
}

static void
send_msg(int sock, const struct msg *m)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct buf frame = { .max = MSG_MAX_BYTES };
	struct iovec iov;
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd;

	assert_true(msg_put(m, &frame, &fd));
	iov = (struct iovec){ frame.p, frame.n };
	if (fd != -1) {
		struct cmsghdr *c;

		h.msg_control = control.room;
		h.msg_controllen = sizeof control.room;
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	assert_int_equal(sendmsg(sock, &h, 0), frame.n);
	buf_fini(&frame);
}

/* The table of descriptors is full when master sends one: that frame does not
 * count, master stays, and what comes later is heard.  From anybody else it is
 * the end. */
static void
test_no_descriptor_free(void **state)
{
	const struct msg with = { .type = MSG_master_file,
		.master_file = { .name = SLICE("pabal.conf"), .file = 2 } };
	const struct msg without = { .type = MSG_master_count,
		.master_count = { .role = ROLE_AUTH, .count = 1 } };
	struct rlimit files_max, tight;
	int master, other, last;

	(void)state;
	ipc_set_master(end_of_pair(&master));
	(void)ipc_accept(end_of_pair(&other), ROLE_SMTPD, 0, 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files_max), 0);
	last = dup(2);
	tight = files_max;
	tight.rlim_cur = (rlim_t)last + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	send_msg(master, &with);
	send_msg(master, &without);
	send_msg(other, &with);
	turns(3);
	assert_int_equal(ipc_crippled(), 1);
	assert_int_equal(files, 0);
	assert_int_equal(counts, 1);
	assert_int_equal(gone, 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files_max), 0);
	send_msg(master, &with);
	turns(3);
	assert_int_equal(ipc_crippled(), 1);
	assert_int_equal(files, 1);
	assert_int_equal(gone, 1);
	close(last);
	close(master);
	close(other);
	turns(3);
	assert_int_equal(gone, 2);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_one_each, setup),
		cmocka_unit_test_setup(test_users, setup),
		cmocka_unit_test_setup(test_no_descriptor_free, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
