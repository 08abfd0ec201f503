/* SPDX-License-Identifier: ISC */
/*
 * What survives: a lost index, another run of the kernel, a process killed at
 * any moment.
 */
#include "store/inner.h"

#include "store/whole.h"
#include "tests/unit/store/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "maildir/filename.h"
#include "sys/durable.h"

#define MAIL "Subject: x\r\n\r\nbody\r\n"

/* All messages of M, as text. */
static void
dump(struct mailbox *m, struct buf *out)
{
	struct message_info infos[64];
	struct mailbox_status st;
	uint32_t from = 1;
	size_t got;

	/* A large one is taken in by steps after a rebuild. */
	assert_int_equal(mailbox_sync(m, false, NULL), 0);
	st = fx_status(m);
	buf_reset(out);
	buf_addf(out, "%u %s %u %llu %u\n", st.uidvalidity, st.id, st.messages,
	    (unsigned long long)st.bytes, st.unseen);
	do {
		assert_int_equal(
		    message_read(m, from, infos, 64, &got, NULL), 0);
		for (size_t i = 0; i < got; i++)
			buf_addf(out, "%u %x %s %lld %lld %lld %llx\n",
			    infos[i].uid, infos[i].flags,
			    fx_keywords(m, infos[i].uid),
			    (long long)infos[i].size, (long long)infos[i].vsize,
			    (long long)infos[i].date_s,
			    (unsigned long long)infos[i].email_id);
		from = got > 0 ? infos[got - 1].uid + 1 : 0;
	} while (got > 0);
}

static void
fill(struct mailbox *m)
{
	const struct append_info dated = {
		.has_date = true, .date_s = 1000000000, .flags = MSG_SEEN
	};
	const struct append_info fresh = { .fresh = true };

	for (int i = 0; i < 20; i++)
		fx_append(m, MAIL, (unsigned)i);
	fx_try_append(m, MAIL, &dated, NULL);
	fx_try_append(m, MAIL, &fresh, NULL);
	fx_flags(m, 3, FLAGS_ADD, MSG_FLAGGED, "kw");
	for (uint32_t uid = 5; uid < 9; uid++)
		message_expunge(m, &uid, 1, true, NULL);
}

/* The first line that differs is told. */
static void
assert_same(struct buf *before, struct buf *after)
{
	struct slice a = buf_slice(before), b = buf_slice(after);

	while (a.n > 0 || b.n > 0) {
		const struct slice la = slice_cut(a, '\n', &a);
		const struct slice lb = slice_cut(b, '\n', &b);

		if (!slice_eq(la, lb))
			fail_msg(
			    "%.*s became %.*s", SLICE_FMT(la), SLICE_FMT(lb));
	}
}

/* How many rebuilds since the last call: the index directory's inode tells. */
static bool
rebuilt(void)
{
	static ino_t last;
	struct stat sb;
	bool was;

	assert_int_equal(stat(fx_path("pabal.index"), &sb), 0);
	was = sb.st_ino != last;
	last = sb.st_ino;
	return was;
}

static void
test_lost_index(void **state)
{
	struct mailbox *m = fx_box("Sent");
	struct buf before, after;

	(void)state;
	buf_init(&before, 1 << 20);
	buf_init(&after, 1 << 20);
	fill(m);
	fx_flush();
	dump(m, &before);
	const uint32_t uidnext = fx_status(m).uidnext;
	const uint64_t modseq = fx_status(m).highestmodseq;

	mailbox_close(&m);
	fx_close();
	tree_remove(AT_FDCWD, fx_path("pabal.index"));
	fx_open_as("boot-1");
	m = fx_box("Sent");
	dump(m, &after);
	assert_same(&before, &after);
	assert_true(fx_status(m).uidnext >= uidnext);
	assert_true(fx_status(m).highestmodseq > modseq);
	/* Explicitly, and with the session staying. */
	assert_int_equal(account_rebuild(fx_account, NULL), 0);
	dump(m, &after);
	assert_same(&before, &after);
	mailbox_close(&m);
	buf_fini(&before);
	buf_fini(&after);
}

/* A clean end is believed after a reboot, anything else is not. */
static void
test_reboot(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	pid_t pid;
	int status;

	(void)state;
	fx_append(m, MAIL, 0);
	mailbox_close(&m);
	rebuilt();
	fx_close();
	fx_open_as("boot-2");
	assert_false(rebuilt());
	/* Read only: still clean. */
	m = fx_box("INBOX");
	assert_int_equal(fx_status(m).messages, 1);
	mailbox_close(&m);
	fx_close();
	fx_open_as("boot-3");
	assert_false(rebuilt());
	fx_close();
	/* Written to, and no clean end. */
	pid = fork();
	if (pid == 0) {
		fx_open_as("boot-4");
		m = fx_box("INBOX");
		fx_append(m, MAIL, 0);
		_exit(rebuilt() ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	fx_open_as("boot-4");
	assert_false(rebuilt());
	/* Only opened in this run: the end is not clean yet. */
	account_close(&fx_account);
	pid = fork();
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	assert_int_equal(
	    store_account_open(fx_store, "d/u", &fx_account, NULL), FOUND);
	fx_close();
	pid = fork();
	if (pid == 0) {
		fx_open_as("boot-5");
		m = fx_box("INBOX");
		fx_append(m, MAIL, 0);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	fx_open_as("boot-6");
	assert_true(rebuilt());
	m = fx_box("INBOX");
	assert_int_equal(fx_status(m).messages, 3);
	mailbox_close(&m);
}

/* After a power cut, a file that is shorter than it says, or has only its size,
 * was never acknowledged; in a run without one, it is just wrong. */
static void
test_torn(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	char path[600];
	pid_t pid;

	(void)state;
	fx_append(m, MAIL, 0);
	fx_append(m, MAIL, 0);
	mailbox_close(&m);
	fx_close();
	pid = fork();
	if (pid == 0) {
		fx_open_as("boot-2");
		m = fx_box("INBOX");
		fx_append(m, MAIL, 0);
		fx_append(m, MAIL, 0);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	snprintf(path, sizeof path, "cur/%s", fx_file("cur", ",U=3:"));
	assert_int_equal(truncate(fx_path(path), 5), 0);
	snprintf(path, sizeof path, "cur/%s", fx_file("cur", ",U=4:"));
	assert_int_equal(truncate(fx_path(path), 0), 0);
	assert_int_equal(truncate(fx_path(path), sizeof MAIL - 1), 0);
	fx_open_as("boot-3");
	m = fx_box("INBOX");
	assert_int_equal(fx_status(m).messages, 2);
	assert_non_null(fx_file("tmp", ",U=3:"));
	assert_non_null(fx_file("tmp", ",U=4:"));
	mailbox_close(&m);
}

/* An empty one is none in any case: the stamp of a new account is lost with the
 * power as its first message is. */
static void
test_empty_without_stamp(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	char path[600];

	(void)state;
	fx_append(m, MAIL, 0);
	fx_append(m, MAIL, 0);
	mailbox_close(&m);
	fx_close();
	snprintf(path, sizeof path, "cur/%s", fx_file("cur", ",U=2:"));
	assert_int_equal(truncate(fx_path(path), 0), 0);
	assert_int_equal(unlink(fx_path("pabal.index/stamp")), 0);
	fx_open_as("boot-2");
	m = fx_box("INBOX");
	assert_int_equal(fx_status(m).messages, 1);
	assert_non_null(fx_file("tmp", ",U=2:"));
	mailbox_close(&m);
}

static void
put_file(const char *name, const char *text)
{
	FILE *f = fopen(fx_path(name), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* In another program's names S= may be the size before it was compressed: such
 * a file is whole however short it is. */
static void
test_other_programs_size(void **state)
{
	static const char *const dirs[] = { ".Old", ".Old/cur", ".Old/new",
		".Old/tmp" };
	struct mailbox *m = fx_box("INBOX");
	pid_t pid;

	(void)state;
	mailbox_close(&m);
	fx_close();
	pid = fork();
	if (pid == 0) {
		fx_open_as("boot-2");
		m = fx_box("INBOX");
		fx_append(m, MAIL, 0);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		assert_int_equal(mkdir(fx_path(dirs[i]), 0700), 0);
	put_file(".Old/cur/1600000000.M1P1.host,S=5026,W=5030:2,S", "short");
	put_file(".Old/dovecot-uidlist",
	    "3 V1600000000 N3 G0123456789abcdef0123456789abcdef\n"
	    "1 :1600000000.M1P1.host,S=5026,W=5030\n");
	fx_open_as("boot-3");
	m = fx_box("Old");
	assert_int_equal(fx_status(m).messages, 1);
	mailbox_close(&m);
}

static void
test_damaged_index(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	int fd;

	(void)state;
	fill(m);
	fx_flush();
	const uint32_t n = fx_status(m).messages;

	mailbox_close(&m);
	fx_close();
	fd = open(fx_path("pabal.index/data.mdb"), O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, 8192), 0);
	close(fd);
	fx_open_as("boot-1");
	m = fx_box("INBOX");
	assert_int_equal(fx_status(m).messages, n);
	mailbox_close(&m);
	fx_close();
	fx_write("pabal.index/stamp", "pabal-index 0 0\nclean\n");
	rebuilt();
	fx_open_as("boot-1");
	assert_true(rebuilt());
}

/* All messages of Sent by a store that may fail; false when it did. */
static bool
try_dump(struct buf *out)
{
	struct message_info infos[64];
	struct mailbox *m;
	uint32_t from = 1;
	size_t got = 1;
	bool ok = true;

	buf_reset(out);
	if (mailbox_open(fx_account, SLICE("Sent"), &m, NULL) != FOUND)
		return false;
	while (got > 0) {
		ok = message_read(m, from, infos, 64, &got, NULL) == 0;
		for (size_t i = 0; i < got; i++)
			buf_addf(out, "%u %x %x %lld\n", infos[i].uid,
			    infos[i].flags,
			    keyword_set_letters(&infos[i].keywords),
			    (long long)infos[i].vsize);
		from = got > 0 ? infos[got - 1].uid + 1 : 0;
	}
	mailbox_close(&m);
	return ok;
}

/* A page of the index that the disk lost: no process ends, nothing is said to
 * be gone for good, and a try or two later everything is as it was. */
static void
test_lost_pages(void **state)
{
	static const char zero[4096];
	struct mailbox *m = fx_box("Sent");
	struct buf before, after;
	struct err err;
	unsigned healed = 0;
	off_t size;
	int fd;

	(void)state;
	buf_init(&before, 1 << 20);
	buf_init(&after, 1 << 20);
	rebuilt();
	for (int i = 0; i < 10; i++)
		fill(m);
	mailbox_close(&m);
	fx_flush();
	assert_true(try_dump(&before));
	fd = open(fx_path("pabal.index/data.mdb"), O_WRONLY | O_CLOEXEC);
	size = lseek(fd, 0, SEEK_END);
	close(fd);
	assert_true(size > 10 * 4096);
	for (int live = 0; live < 2; live++)
		for (off_t at = 0; at < size; at += 4096) {
			int tries = 0;

			fd = open(fx_path("pabal.index/data.mdb"),
			    O_WRONLY | O_CLOEXEC);
			assert_int_equal(pwrite(fd, zero, 4096, at), 4096);
			close(fd);
			if (!live)
				fx_reopen();
			while (!try_dump(&after))
				assert_true(++tries < 3);
			assert_same(&before, &after);
			/* Writing heals as well. */
			for (tries = 0; mailbox_create(fx_account, SLICE("x"),
					    0, &err) == -1;
			     tries++) {
				assert_true(tries < 3);
				assert_int_equal(err.class, ERR_TEMP);
			}
			while (
			    mailbox_delete(fx_account, SLICE("x"), NULL) == -1)
				assert_true(++tries < 6);
			assert_true(try_dump(&after));
			assert_same(&before, &after);
			healed += rebuilt();
		}
	assert_true(healed > 4);
	buf_fini(&before);
	buf_fini(&after);
}

/* A stop does not wait for names to catch up: the flags are on disk in the
 * index, and whoever opens it next goes on. */
static void
test_stop_is_short(void **state)
{
	struct mailbox *m = fx_box("INBOX");

	(void)state;
	fx_append(m, MAIL, 0);
	fx_flags(m, 1, FLAGS_ADD, MSG_FLAGGED, 0);
	mailbox_close(&m);
	rebuilt();
	fx_store->flush_stop_ms = 0;
	fx_close();
	assert_null(fx_file("cur", ":2,F"));
	/* The power may go now. */
	fx_open_as("boot-2");
	assert_false(rebuilt());
	assert_true(fx_account->behind);
	m = fx_box("INBOX");
	assert_int_equal(fx_info(m, 1).flags, MSG_FLAGGED);
	mailbox_close(&m);
	fx_close();
	assert_non_null(fx_file("cur", ":2,F"));
	fx_open_as("boot-2");
	assert_false(fx_account->behind);
}

/* The index is taken away while a process renames files to show flags, and
 * another one builds it from the names before: what the first is told next
 * counts, and not the names that it gave before. */
static void
test_index_taken_away(void **state)
{
	struct mailbox *m = fx_box("INBOX");
	char from[600], to[602];
	struct timespec times[2];
	struct stat sb;
	pid_t pid;
	int status;

	(void)state;
	fx_append(m, MAIL, 0);
	mailbox_close(&m);
	fx_flush();
	tree_remove(AT_FDCWD, fx_path("pabal.index"));
	pid = fork();
	if (pid == 0) {
		fx_open_as("boot-1");
		m = fx_box("INBOX");
		_exit(fx_info(m, 1).flags == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(stat(fx_path("cur"), &sb), 0);
	snprintf(from, sizeof from, "cur/%s", fx_file("cur", ":2,"));
	snprintf(to, sizeof to, "%sS", from);
	assert_int_equal(rename(fx_path(from), fx_path(to)), 0);
	/* Too soon after the reading to show in the directory's time. */
	times[0] = sb.st_atim;
	times[1] = sb.st_mtim;
	assert_int_equal(utimensat(AT_FDCWD, fx_path("cur"), times, 0), 0);
	m = fx_box("INBOX");
	fx_flags(m, 1, FLAGS_SET, 0, 0);
	fx_sync(m);
	assert_int_equal(fx_info(m, 1).flags, 0);
	mailbox_close(&m);
	fx_flush();
	assert_null(fx_file("cur", ":2,S"));
}

/* A killed process leaves a file without a record, or a record without its
 * file; here made by hand. */
static void
test_leftovers(void **state)
{
	struct mailbox *m = fx_box("INBOX");

	(void)state;
	fx_append(m, MAIL, 0);
	/* Renamed into place, not recorded. */
	fx_write("cur/9.M1P1.h,S=17,W=20,U=2:2,S", "Subject: x\n\nbody\n");
	fx_write("tmp/9.M2P1.h", "half");
	/* The next one takes that UID before anybody looks. */
	assert_int_equal(fx_append(m, MAIL, 0), 2);
	fx_sync(m);
	assert_int_equal(fx_status(m).messages, 3);
	assert_int_equal(fx_info(m, 3).flags, MSG_SEEN);
	mailbox_close(&m);
}

/* --- killed at any moment ------------------------------------------- */

/* What the child says: that it begins ('w' takes out, 'g' flags), or that it
 * was told that it is done ('a' in, 'x' out, 'f' flags). */
struct ack {
	char op;
	char box;
	uint32_t uid;
	uint32_t flags;
};

struct child {
	struct durable *durable;
	struct store *store;
	struct account *a;
	struct mailbox *box[2];
	int pipe;
	unsigned open; /* operations under way */
	uint64_t seed;
};

struct op {
	struct child *c;
	struct append *append;
	int from;
	int to;
	bool move;
	uint32_t flags;
};

static uint32_t
chance(struct child *c, uint32_t n)
{
	c->seed ^= c->seed << 13;
	c->seed ^= c->seed >> 7;
	c->seed ^= c->seed << 17;
	return (uint32_t)(c->seed >> 32) % n;
}

static void
say(const struct child *c, char op, int box, uint32_t uid, uint32_t flags)
{
	const struct ack ack = { op, (char)box, uid, flags };

	if (write(c->pipe, &ack, sizeof ack) != sizeof ack)
		_exit(1);
}

static void
on_appended(struct append_batch *b, void *arg)
{
	struct op *op = arg;
	uint32_t uid, uidvalidity;

	if (append_result(op->append, &uid, &uidvalidity, NULL) == 0)
		say(op->c, 'a', op->to, uid, op->flags);
	op->c->open--;
	append_batch_free(&b);
	free(op);
}

static void
on_copied(void *arg, const struct copy_result *r)
{
	struct op *op = arg;

	for (size_t i = 0; r->rc == 0 && i < r->n; i++) {
		say(op->c, 'a', op->to, r->pairs[i].to, UINT32_MAX);
		if (op->move)
			say(op->c, 'x', op->from, r->pairs[i].from, 0);
	}
	op->c->open--;
	free(op);
}

static void
do_append(struct child *c, struct op *op)
{
	struct append_batch *b = append_batch_new(c->store, false);
	const struct append_info info = { .flags = op->flags,
		.fresh = chance(c, 2) == 0 };

	op->append = append_begin(b, c->box[op->to], NULL);
	if (op->append == NULL ||
	    append_write(op->append, SLICE(MAIL), NULL) == -1 ||
	    append_finish(op->append, &info, NULL) == -1)
		_exit(1);
	c->open++;
	append_commit(b, on_appended, op);
}

static void
do_something(struct child *c)
{
	struct op *op = xcalloc(1, sizeof *op);
	struct message_info info;
	struct mailbox_status st;
	const uint32_t what = chance(c, 12);
	uint32_t uid;

	*op = (struct op){ .c = c,
		.from = (int)chance(c, 2),
		.to = (int)chance(c, 2),
		.move = what == 6,
		.flags = chance(c, 64) & ~(uint32_t)MSG_PASSED };
	if (mailbox_status(c->box[op->from], &st, NULL) == -1)
		_exit(1);
	uid = 1 + chance(c, st.uidnext);
	if (what < 5) {
		do_append(c, op);
		return;
	}
	if (message_find(c->box[op->from], uid, &info, NULL) != FOUND) {
		free(op);
		return;
	}
	if (what < 7) {
		if (op->move)
			say(c, 'w', op->from, uid, 0);
		c->open++;
		message_copy(c->box[op->from], &uid, 1, c->box[op->to],
		    op->move, on_copied, op);
		return;
	}
	if (what < 9) {
		const struct flags_change change = { .op = FLAGS_SET,
			.flags = op->flags,
			.keywords = SLICE(""),
			.unchanged_since = UINT64_MAX };
		uint64_t from, to;

		say(c, 'g', op->from, uid, 0);
		if (message_flags(c->box[op->from], &uid, 1, &change, NULL,
			&from, &to, NULL) == -1)
			_exit(1);
		say(c, 'f', op->from, uid, op->flags);
	} else if (what < 11) {
		say(c, 'w', op->from, uid, 0);
		if (message_expunge(c->box[op->from], &uid, 1, true, NULL) ==
		    -1)
			_exit(1);
		say(c, 'x', op->from, uid, 0);
	} else {
		bool more;

		if (account_flush(c->a, &more, NULL) == -1)
			_exit(1);
	}
	free(op);
}

/* The other process may be building the index just now. */
static enum found
open_account(struct child *c)
{
	struct err err = { 0 };
	enum found f;

	while ((f = store_account_open(c->store, "d/u", &c->a, &err)) ==
		   TEMPFAIL &&
	       store_is_building(&err))
		(void)poll(NULL, 0, 1);
	return f;
}

static _Noreturn void
child(int out, uint64_t seed)
{
	struct child c = { .pipe = out, .seed = seed };
	struct store_opts opts = { .hostname = "h", .boot_id = "boot-1" };

	c.durable = durable_new(fx_root, SYNC_AUTO);
	opts.durable = c.durable;
	c.store = store_new(fx_root, &opts);
	if (open_account(&c) != FOUND ||
	    mailbox_open(c.a, SLICE("INBOX"), &c.box[0], NULL) != FOUND ||
	    mailbox_open(c.a, SLICE("Sent"), &c.box[1], NULL) != FOUND)
		_exit(1);
	for (;;) {
		struct pollfd p = { durable_fd(c.durable), POLLIN, 0 };

		if (c.open < 8)
			do_something(&c);
		if (poll(&p, 1, c.open < 8 ? 0 : -1) == 1)
			durable_reap(c.durable);
	}
}

enum { UIDS = 20000 };

/* By mailbox and UID. */
struct known {
	bool in[2][UIDS];      /* acknowledged at some time */
	bool leaving[2][UIDS]; /* somebody began to take it out */
	bool out[2][UIDS];
	bool touched[2][UIDS]; /* somebody began to change flags */
	bool sure[2][UIDS];    /* flags are known */
	uint32_t flags[2][UIDS];
};

static void
take(struct known *k, const struct ack *a)
{
	const int b = a->box;

	assert_true(a->uid < UIDS);
	switch (a->op) {
	case 'a':
		/* Never given out twice. */
		assert_false(k->in[b][a->uid]);
		k->in[b][a->uid] = true;
		if (!k->touched[b][a->uid] && a->flags != UINT32_MAX) {
			k->sure[b][a->uid] = true;
			k->flags[b][a->uid] = a->flags;
		}
		break;
	case 'w':
		k->leaving[b][a->uid] = true;
		break;
	case 'x':
		k->out[b][a->uid] = true;
		break;
	case 'g':
		k->touched[b][a->uid] = true;
		k->sure[b][a->uid] = false;
		break;
	case 'f':
		k->sure[b][a->uid] = true;
		k->flags[b][a->uid] = a->flags;
		break;
	default:
		fail();
	}
}

/* Everything acknowledged is as it was acknowledged.  What two processes said
 * about flags has no order. */
static void
check_known(struct known *k, struct mailbox *m, int b, bool flags)
{
	struct message_info info;
	char text[100];

	for (uint32_t uid = 1; uid < UIDS; uid++) {
		const enum found f = message_find(m, uid, &info, NULL);

		if (k->out[b][uid])
			assert_int_equal(f, ABSENT);
		if (k->in[b][uid] && !k->leaving[b][uid])
			assert_int_equal(f, FOUND);
		if (f != FOUND)
			continue;
		if (flags && k->sure[b][uid])
			assert_int_equal(info.flags, k->flags[b][uid]);
		k->flags[b][uid] = info.flags;
		k->sure[b][uid] = k->in[b][uid];
		fx_body(m, uid, text, sizeof text);
		assert_string_equal(text, "Subject: x\n\nbody\n");
	}
}

static void
run_and_kill(struct known *k, int nprocs, uint64_t seed, unsigned acks)
{
	struct ack a;
	pid_t pids[2];
	int p[2];

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	for (int i = 0; i < nprocs; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			child(p[1], seed * 77777 + (uint64_t)i);
	}
	close(p[1]);
	for (unsigned n = 0; read(p[0], &a, sizeof a) == sizeof a; n++) {
		take(k, &a);
		if (n == acks)
			for (int i = 0; i < nprocs; i++)
				kill(pids[i], SIGKILL);
	}
	for (int i = 0; i < nprocs; i++) {
		int status;

		waitpid(pids[i], &status, 0);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	close(p[0]);
}

static void
check_after_kill(
    struct known *k, bool flags, struct buf *before, struct buf *after)
{
	static const char *const names[] = { "INBOX", "Sent" };

	for (int b = 0; b < 2; b++) {
		struct mailbox *m = fx_box(names[b]);

		fx_sync(m);
		check_known(k, m, b, flags);
		fx_flush();
		dump(m, before);
		assert_int_equal(account_rebuild(fx_account, NULL), 0);
		dump(m, after);
		assert_same(before, after);
		mailbox_close(&m);
	}
}

static void
test_killed(void **state)
{
	struct known *k = xcalloc(1, sizeof *k);
	struct buf before, after;

	(void)state;
	buf_init(&before, 4 << 20);
	buf_init(&after, 4 << 20);
	for (uint64_t round = 1; round <= 12; round++) {
		const int nprocs = 1 + (int)(round % 2);

		run_and_kill(k, nprocs, round, (unsigned)(20 + round * 17));
		check_after_kill(k, nprocs == 1, &before, &after);
		fx_reopen();
	}
	buf_fini(&before);
	buf_fini(&after);
	xfree(&k);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX(test_lost_index),
		FX(test_reboot),
		FX(test_torn),
		FX(test_empty_without_stamp),
		FX(test_other_programs_size),
		FX(test_damaged_index),
		FX(test_lost_pages),
		FX(test_stop_is_short),
		FX(test_index_taken_away),
		FX(test_leftovers),
		FX(test_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
