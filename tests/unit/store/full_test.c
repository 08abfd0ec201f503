/* SPDX-License-Identifier: ISC */
/*
 * An account on a small file system that fills and empties, against a model:
 * what was acknowledged is there, what was refused is not.  A tmpfs in a mount
 * namespace of our own, so for root; PABAL_SEED and PABAL_STEPS as printed.
 */
#include "tests/unit/store/fixture.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <time.h>

#include "base/mem.h"
#include "maildir/filename.h"

enum { CHECK_EACH = 25, LIVE_MAX = 150 };

struct entry {
	unsigned token;
	int box;
	uint32_t uid;
	unsigned flags;
	bool gone;
	bool perhaps; /* its expunge was refused */
};

static struct mailbox *boxes[2];
static struct entry *model;
static size_t nmodel;
static unsigned tokens, acked, refused;
static uint64_t seed;
static int filler = -1;

static uint32_t
chance(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32) % n;
}

static void
count(bool ok)
{
	if (ok)
		acked++;
	else
		refused++;
}

/* ---- the disk ---- */

static void
fill(void)
{
	static const char junk[4096];
	uint32_t n = chance(900);

	while (n-- > 0 && write(filler, junk, sizeof junk) == sizeof junk)
		;
}

static void
empty(void)
{
	assert_int_equal(ftruncate(filler, 0), 0);
	assert_int_equal(lseek(filler, 0, SEEK_SET), 0);
}

/* ---- the account ---- */

static void
leave(void)
{
	mailbox_close(&boxes[0]);
	mailbox_close(&boxes[1]);
	account_close(&fx_account);
	store_free(&fx_store);
}

/* On a full disk it may fail; then it works when there is room. */
static bool
try_enter(void)
{
	const struct store_opts opts = { .hostname = "h", .boot_id = "boot-1" };

	fx_store = store_new(fx_root, &opts);
	if (store_account_ensure(fx_store, "d/u", &fx_account, NULL) == FOUND &&
	    mailbox_open(fx_account, SLICE("INBOX"), &boxes[0], NULL) ==
		FOUND &&
	    mailbox_open(fx_account, SLICE("Box"), &boxes[1], NULL) == FOUND)
		return true;
	leave();
	return false;
}

static void
enter(void)
{
	if (try_enter())
		return;
	empty();
	assert_true(try_enter());
}

static void
append(int box)
{
	const struct append_info info = { .flags = chance(2) ? MSG_SEEN : 0 };
	struct append_batch *b = append_batch_new(fx_store, false);
	struct fx_done d = { .a = append_begin(b, boxes[box], NULL), .rc = -1 };
	char text[64];

	snprintf(text, sizeof text, "Subject: %u\r\n\r\nbody\r\n", ++tokens);
	if (d.a != NULL && append_write(d.a, slice_str(text), NULL) == 0 &&
	    append_finish(d.a, &info, NULL) == 0)
		append_commit(b, fx_on_append, &d);
	append_batch_free(&b);
	count(d.rc == 0);
	if (d.rc == 0)
		model[nmodel++] = (struct entry){
			.token = tokens,
			.box = box,
			.uid = d.uid,
			.flags = info.flags,
		};
}

static void
on_copied(void *arg, const struct copy_result *r)
{
	uint32_t *to = arg;

	*to = r->rc == 0 && r->n == 1 ? r->pairs[0].to : 0;
}

static void
copy(struct entry *e, bool move)
{
	uint32_t to;

	message_copy(
	    boxes[e->box], &e->uid, 1, boxes[1 - e->box], move, on_copied, &to);
	count(to != 0);
	if (to == 0)
		return;
	model[nmodel] = *e;
	model[nmodel].box = 1 - e->box;
	model[nmodel++].uid = to;
	e->gone = move;
}

static void
flag(struct entry *e)
{
	const unsigned flags = chance(32) & ~(unsigned)MSG_PASSED;
	const struct flags_change c = {
		.op = FLAGS_SET, .flags = flags, .unchanged_since = UINT64_MAX
	};
	uint64_t from, to;
	const bool ok = message_flags(boxes[e->box], &e->uid, 1, &c, NULL,
			    &from, &to, NULL) == 0;

	count(ok);
	if (ok)
		e->flags = flags;
}

static void
expunge(struct entry *e)
{
	const bool ok =
	    message_expunge(boxes[e->box], &e->uid, 1, true, NULL) == 0;

	count(ok);
	e->gone = ok;
	e->perhaps = !ok;
}

/* One that is there, if any. */
static struct entry *
pick(size_t *live)
{
	struct entry *found = NULL;

	*live = 0;
	for (size_t i = 0; i < nmodel; i++)
		if (!model[i].gone && !model[i].perhaps &&
		    chance((uint32_t)++ * live) == 0)
			found = &model[i];
	return found;
}

static void
step(void)
{
	const uint32_t what = chance(20);
	size_t live;
	struct entry *e = pick(&live);
	bool more;

	if (live > LIVE_MAX)
		expunge(e);
	else if (what < 6 || e == NULL)
		append((int)chance(2));
	else if (what < 10)
		copy(e, what < 8);
	else if (what < 14)
		flag(e);
	else if (what < 16)
		expunge(e);
	else if (what == 16)
		(void)account_flush(fx_account, &more, NULL);
	else if (what == 17)
		empty();
	else if (what == 18)
		fill();
	else {
		leave();
		enter();
	}
}

/* ---- the model ---- */

static void
check_one(const struct entry *e)
{
	struct message_info info;
	char want[64], text[100];
	const enum found f = message_find(boxes[e->box], e->uid, &info, NULL);

	if (e->gone)
		assert_int_equal(f, ABSENT);
	if (e->gone || (e->perhaps && f == ABSENT))
		return;
	assert_int_equal(f, FOUND);
	assert_int_equal(info.flags, e->flags);
	snprintf(want, sizeof want, "Subject: %u\n\nbody\n", e->token);
	fx_body(boxes[e->box], e->uid, text, sizeof text);
	assert_string_equal(text, want);
}

static void
check(void)
{
	uint32_t least[2] = { 0 }, most[2] = { 0 };

	empty();
	for (int i = 0; i < 2; i++)
		fx_sync(boxes[i]);
	for (size_t i = 0; i < nmodel; i++) {
		check_one(&model[i]);
		least[model[i].box] += !model[i].gone && !model[i].perhaps;
		most[model[i].box] += !model[i].gone;
	}
	for (int i = 0; i < 2; i++)
		assert_in_range(
		    fx_status(boxes[i]).messages, least[i], most[i]);
}

static uint64_t
number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static bool
mount_small(const char *dir)
{
	return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", dir, "tmpfs", 0, "size=3m,mode=700") == 0;
}

static void
test_fills_and_empties(void **state)
{
	const uint64_t steps = number_of("PABAL_STEPS", 1500);

	(void)state;
	fx_close();
	close(fx_root);
	if (!mount_small(fx_dir)) {
		print_message("no small file system: not root, or no mount\n");
		fx_root = open(fx_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		fx_open_as("boot-1");
		skip();
	}
	fx_root = open(fx_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	filler =
	    openat(fx_root, "filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	seed = number_of("PABAL_SEED", ((uint64_t)arc4random() << 8) | 1);
	print_message("PABAL_SEED=%llu PABAL_STEPS=%llu\n",
	    (unsigned long long)seed, (unsigned long long)steps);
	model = xcalloc(2 * steps + 1, sizeof *model);
	fx_open_as("boot-1");
	assert_int_equal(mailbox_create(fx_account, SLICE("Box"), 0, NULL), 0);
	fx_close();
	enter();
	for (uint64_t i = 0; i < steps; i++) {
		step();
		if (i % CHECK_EACH == 0)
			check();
	}
	check();
	/* Both were tried. */
	assert_true(acked > steps / 4 && refused > steps / 100);
	mailbox_close(&boxes[0]);
	mailbox_close(&boxes[1]);
	xfree(&model);
	close(filler);
	fx_close();
	close(fx_root);
	assert_int_equal(umount(fx_dir), 0);
	fx_root = open(fx_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fx_open_as("boot-1");
}

/* ---- a domain on a file system of its own ---- */

static dev_t synced[16];
static size_t nsynced;

int
syncfs(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	if (nsynced < ARRAY_LEN(synced))
		synced[nsynced++] = st.st_dev;
	return 0;
}

/* In the mount namespace as it is now. */
static void
reopen_root(void)
{
	close(fx_root);
	fx_root = open(fx_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* An index is clean only when its own file system was synced. */
static void
test_mounted_beneath(void **state)
{
	char domain[sizeof fx_dir + 2];
	struct stat root, account;

	(void)state;
	snprintf(domain, sizeof domain, "%s/d", fx_dir);
	fx_close();
	if (!mount_small(domain)) {
		fx_open_as("boot-1");
		skip();
	}
	reopen_root();
	fx_open_as("boot-1");
	assert_int_equal(fstat(fx_root, &root), 0);
	assert_int_equal(fstat(fx_account->ix.fd, &account), 0);
	nsynced = 0;
	fx_close();
	/* Before the stamps are replaced, and after. */
	assert_int_equal(nsynced, 4);
	for (size_t i = 0; i < nsynced; i++)
		assert_true(synced[i] == (i % 2 == 0 ? root : account).st_dev);
	assert_int_equal(umount(domain), 0);
	reopen_root();
	fx_open_as("boot-1");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX(test_fills_and_empties),
		FX(test_mounted_beneath),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
