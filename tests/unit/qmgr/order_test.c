/* SPDX-License-Identifier: ISC */
/* An order for very many messages while the disk is behind with what was
 * ordered before: it waits, alone of its peer, and is done then. */
#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "ipc/ipc.h"
#include "qmgr/admin/admin.h"
#include "qmgr/queue/entry.h"
#include "qmgr/queue/note.h"
#include "qmgr/queue/spool.h"
#include "qmgr/run/life.h"
#include "qmgr/run/scan.h"
#include "queue/envelope_text.h"
#include "tests/clock.h"
#include "tests/unit/qmgr/fake_ipc.h"
#include "tests/unit/qmgr/frame.h"

enum {
	REMOVALS_MAX = 20000, /* as in qmgr/admin/order.c */
	FILES = REMOVALS_MAX + 1000,
};

static struct ipc ctl = { .role = ROLE_CTL }, other = { .role = ROLE_CTL };
static char *dir;
static int root;
static struct {
	unsigned answers;
	uint64_t messages;
	bool more;
	char cursor[ENVELOPE_ID_BYTES];
} said;

bool
ipc_send(struct ipc *peer, const struct msg *m)
{
	(void)peer;
	assert_int_equal(m->type, MSG_queue_acted);
	assert_true(m->queue_acted.ok);
	said.answers++;
	said.messages += m->queue_acted.messages;
	said.more = m->queue_acted.more;
	slice_copy(m->queue_acted.cursor, said.cursor, sizeof said.cursor);
	return true;
}

void
ipc_drop(struct ipc *peer, const char *why)
{
	(void)why;
	peer->dropped++;
	admin_forget(peer);
}

/* Nobody is asked and nothing is delivered: all are held. */

struct ipc *
ipc_link(enum role role, unsigned index, uid_t uid)
{
	(void)role;
	(void)index;
	(void)uid;
	return NULL;
}

unsigned
ipc_count(enum role role)
{
	(void)role;
	return 1;
}

void
ipc_call(struct ipc *peer, struct msg *m, struct ipc_call *call,
    enum msg_type reply, void (*on_reply)(struct ipc_call *, struct msg *),
    int64_t timeout_ms)
{
	(void)peer;
	(void)m;
	(void)call;
	(void)reply;
	(void)on_reply;
	(void)timeout_ms;
	fail_msg("a call");
}

/* ---- the spool ---- */

static void
write_held(unsigned n)
{
	static const char body[] = "Subject: x\r\n\r\nhello\r\n";
	struct envelope_rcpt rcpt = { .address = SLICE("to@far.test") };
	struct envelope env = { .sender = SLICE("me@here.test"),
		.arrived_us = 1700000000000000 + n,
		.size = sizeof body - 1,
		.crc32c = crc32c(0, slice_str(body)),
		.protocol = SLICE("ESMTP"),
		.rcpts = &rcpt,
		.nrcpts = 1 };
	struct buf text = { .max = 65536 };
	char id[20], path[60];
	int fd;

	snprintf(id, sizeof id, "0HELD%08u", n);
	env.id = slice_str(id);
	envelope_format(&env, &text);
	buf_adds(&text, body);
	note_held(&text, 1, SLICE(""));
	snprintf(path, sizeof path, "cur/%02x",
	    (unsigned)(crc32c(0, slice_str(id)) & 0xff));
	(void)mkdirat(root, path, 0700);
	snprintf(path + strlen(path), sizeof path - strlen(path), "/%s", id);
	fd = openat(root, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text.p, text.n), text.n);
	close(fd);
	buf_fini(&text);
}

static bool
is_removing(void)
{
	return spool_removals() > 0;
}

/* ---- the orders ---- */

static void
delete_some(struct ipc *peer)
{
	struct msg m = { .type = MSG_queue_act };

	m.queue_act.verb = SLICE("delete");
	m.queue_act.cursor = slice_str(said.cursor);
	admin_on_act(peer, &m);
}

static void
test_disk_is_behind(void **state)
{
	unsigned answers;

	(void)state;
	assert_int_equal(entry_count(), FILES);
	/* Without a turn of the loop nothing is known of what was removed. */
	while (spool_removals() < REMOVALS_MAX)
		delete_some(&ctl);
	assert_true(said.more);
	answers = said.answers;
	delete_some(&ctl);
	delete_some(&other);
	assert_int_equal(said.answers, answers);
	assert_int_equal(entry_count(), FILES - said.messages);
	/* One of each peer at once; who goes takes his along. */
	delete_some(&other);
	assert_int_equal(other.dropped, 1);
	assert_int_equal(ctl.dropped, 0);
	clock_run(60000);
	assert_int_equal(said.answers, answers + 1);
	while (said.more) {
		delete_some(&ctl);
		clock_run(1000);
	}
	assert_int_equal(said.messages, FILES);
	assert_int_equal(entry_count(), 0);
	assert_int_equal(spool_removals(), 0);
}

static int
setup(void **state)
{
	struct err err = { 0 };

	(void)state;
	ev_init();
	frame_conf("");
	dir = frame_dir();
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root == -1 || mkdirat(root, "cur", 0700) == -1)
		return -1;
	for (unsigned i = 0; i < FILES; i++)
		write_held(i);
	clock_wait_while(is_removing);
	if (life_start(root, &err) == -1)
		return -1;
	while (!scan_is_over())
		clock_run(100);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	spool_stop();
	return frame_remove(dir);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disk_is_behind),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
