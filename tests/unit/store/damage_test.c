/* SPDX-License-Identifier: ISC */
/*
 * Bytes of an index that turned over: whoever opens the account may be ended
 * by that a few times, in any place, and then is not any more; UIDs and flags
 * are what they were.
 *
 *   PABAL_SEED    of the damages of a few bytes (default: the time)
 *   PABAL_ROUNDS  how many of these (default 60)
 */
#include "tests/unit/store/fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "maildir/filename.h"

#define MAIL "Subject: x\r\n\r\nbody\r\n"

enum {
	PAGE = 4096,
	MESSAGES = 90,
	TRIES = 4,      /* processes that may end */
	CHILD_S = 30,   /* of processor time */
	SERVED = 40,    /* what a child exits with */
	REFUSED = 41,   /* "try again", again and again */
	OTHERWISE = 42, /* not as it was before */
};

static struct buf before, good;
static struct err why; /* the last refusal */

/* All messages of INBOX and Sent; false: not now. */
static bool
try_dump(struct buf *out)
{
	static const char *const boxes[] = { "INBOX", "Sent" };
	struct message_info infos[64];
	struct mailbox *m;
	size_t got;
	bool ok = true;

	buf_reset(out);
	for (int i = 0; i < 2 && ok; i++) {
		uint32_t from = 1;

		if (mailbox_open(fx_account, slice_str(boxes[i]), &m, &why) !=
		    FOUND)
			return false;
		ok = mailbox_sync(m, true, &why) == 0;
		do {
			ok = ok &&
			     message_read(m, from, infos, 64, &got, &why) == 0;
			for (size_t k = 0; ok && k < got; k++)
				buf_addf(out, "%u %x %x %lld\n", infos[k].uid,
				    infos[k].flags,
				    keyword_set_letters(&infos[k].keywords),
				    (long long)infos[k].vsize);
			from = ok && got > 0 ? infos[got - 1].uid + 1 : 0;
		} while (ok && got > 0);
		mailbox_close(&m);
	}
	return ok;
}

/* Changes of all kinds, which leave what try_dump shows as it was. */
static bool
try_change(void)
{
	const struct flags_change on = { .op = FLAGS_ADD,
		.flags = MSG_ANSWERED,
		.keywords = SLICE(""),
		.unchanged_since = UINT64_MAX };
	const struct flags_change off = { .op = FLAGS_DEL,
		.flags = MSG_ANSWERED,
		.keywords = SLICE(""),
		.unchanged_since = UINT64_MAX };
	const uint32_t uid = MESSAGES / 2;
	uint64_t from, to;
	struct mailbox *m;
	bool ok;

	if (mailbox_create(fx_account, SLICE("x"), 0, &why) == -1 ||
	    mailbox_delete(fx_account, SLICE("x"), &why) == -1)
		return false;
	if (mailbox_open(fx_account, SLICE("INBOX"), &m, &why) != FOUND)
		return false;
	ok = message_flags(m, &uid, 1, &on, NULL, &from, &to, &why) == 0 &&
	     message_flags(m, &uid, 1, &off, NULL, &from, &to, &why) == 0;
	mailbox_close(&m);
	return ok;
}

static bool
try_open(void)
{
	const struct store_opts opts = { .hostname = "test.host",
		.boot_id = "boot-1" };

	fx_store = store_new(fx_root, &opts);
	for (int tries = 0; tries < TRIES; tries++)
		if (store_account_open(fx_store, "d/u", &fx_account, &why) ==
		    FOUND)
			return true;
	return false;
}

/* One process's life with the account; SAME: it is as it was before. */
static int
live(bool same)
{
	struct buf now = { .max = 1 << 20 };
	int tries = 0;

	if (!try_open())
		return REFUSED;
	while (!try_dump(&now))
		if (++tries == TRIES)
			return REFUSED;
	if (same && !slice_eq(buf_slice(&now), buf_slice(&before)))
		return OTHERWISE;
	tries = 0;
	while (!try_change()) {
		/* It may have been made, or not been removed, before. */
		mailbox_delete(fx_account, SLICE("x"), NULL);
		if (++tries == TRIES)
			return REFUSED;
	}
	fx_close();
	buf_fini(&now);
	return SERVED;
}

static int
live_apart(bool same)
{
	static const int deaths[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE,
		SIGILL };
	const struct rlimit no_core = { 0, 0 }, cpu = { CHILD_S, CHILD_S };
	const pid_t pid = fork();
	int status;

	if (pid == 0) {
		for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++)
			signal(deaths[i], SIG_DFL);
		setrlimit(RLIMIT_CORE, &no_core);
		setrlimit(RLIMIT_CPU, &cpu);
		status = live(same);
		/* A name of a mailbox that is another now is none. */
		if (status == REFUSED && !same && why.class == ERR_PERM)
			status = SERVED;
		if (status == REFUSED)
			print_error("%s\n", why.text);
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		fail_msg("a process went on for ever");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

static void
put(const char *name, struct slice bytes)
{
	const int fd =
	    open(fx_path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd != -1);
	assert_int_equal(write(fd, bytes.p, bytes.n), (ssize_t)bytes.n);
	close(fd);
}

/* The account as it was, but for N bytes of its index from AT on. */
static void
damage(size_t at, size_t n)
{
	struct slice all = buf_slice(&good);
	char *bytes = malloc(all.n);

	memcpy(bytes, all.p, all.n);
	for (size_t i = at; i < at + n && i < all.n; i++)
		bytes[i] = (char)~bytes[i];
	tree_remove(AT_FDCWD, fx_path("pabal.index"));
	assert_int_equal(mkdir(fx_path("pabal.index"), 0700), 0);
	put("pabal.index/data.mdb", slice_of(bytes, all.n));
	free(bytes);
}

/* How many processes ended before one did not. */
static int
ends(size_t at, size_t n, bool same, const char *stamp)
{
	int ended = 0, how;

	damage(at, n);
	fx_write("pabal.index/stamp", stamp);
	while ((how = live_apart(same)) != SERVED) {
		if (how == REFUSED)
			fail_msg("%zu+%zu: refused", at, n);
		if (how == OTHERWISE)
			fail_msg("%zu+%zu: not as before", at, n);
		if (++ended == TRIES)
			fail_msg("%zu+%zu: %d processes ended", at, n, ended);
	}
	return ended;
}

static void
load(const char *name, struct buf *to)
{
	const int fd = open(fx_path(name), O_RDONLY | O_CLOEXEC);
	char bytes[PAGE];
	ssize_t n;

	assert_true(fd != -1);
	buf_reset(to);
	while ((n = read(fd, bytes, sizeof bytes)) > 0)
		buf_add(to, slice_of(bytes, (size_t)n));
	close(fd);
}

static void
prepare(struct buf *stamp)
{
	static const char *const boxes[] = { "INBOX", "Sent" };

	for (int i = 0; i < 2; i++) {
		struct mailbox *m = fx_box(boxes[i]);

		for (unsigned k = 0; k < MESSAGES; k++)
			fx_append(m, MAIL, k % 32 & ~(unsigned)MSG_ANSWERED);
		fx_flags(m, 3, FLAGS_ADD, MSG_FLAGGED, "kw");
		mailbox_close(&m);
	}
	fx_flush();
	assert_true(try_dump(&before));
	fx_close();
	load("pabal.index/data.mdb", &good);
	load("pabal.index/stamp", stamp);
}

static uint64_t
number(const char *name, uint64_t preset)
{
	const char *env = getenv(name);

	return env != NULL ? strtoull(env, NULL, 10) : preset;
}

static void
test_bytes_turned(void **state)
{
	struct buf stamp = { .max = PAGE };
	uint64_t seed = number("PABAL_SEED", (uint64_t)time(NULL));
	const uint64_t rounds = number("PABAL_ROUNDS", 60);
	int ended = 0;

	(void)state;
	print_message("PABAL_SEED=%llu\n", (unsigned long long)seed);
	before = (struct buf){ .max = 1 << 20 };
	good = (struct buf){ .max = 16 << 20 };
	prepare(&stamp);
	const size_t size = buf_slice(&good).n;

	assert_true(size > 10 * PAGE);
	for (size_t at = 0; at < size; at += PAGE) {
		ended += ends(at, PAGE, true, buf_cstr(&stamp));
		ended += ends(at, 16, true, buf_cstr(&stamp));
		ended += ends(at + 16, 16, false, buf_cstr(&stamp));
	}
	/* What shows in no form may be served as it stands; it ends nobody for
	 * ever either. */
	for (unsigned i = 0; i < rounds; i++) {
		seed = seed * 6364136223846793005U + 1442695040888963407U;
		ended += ends((size_t)(seed >> 33) % size, 1 + i % 4, false,
		    buf_cstr(&stamp));
	}
	/* There are such. */
	assert_true(ended > 0);
	damage(0, 0);
	buf_fini(&stamp);
	buf_fini(&before);
	buf_fini(&good);
	fx_open_as("boot-1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FX(test_bytes_turned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
