/* SPDX-License-Identifier: ISC */
/* Quotas against the files: random APPENDs, deliveries, COPYs, MOVEs, expunges
 * and other programs' changes, the index lost or the store opened again between
 * them.  What counts is what the files come to, what fits is let in, and the
 * owner is told of each threshold once.  PABAL_SEED repeats a run, PABAL_ROUNDS
 * makes it long. */
#include "fixture.h"

#include "conf/conf.h"
#include "conf/shared.h"
#include "store/quota_policy.h"
#include "store/warn.h"
#include "sys/clock.h"

enum { BOXES = 4, ROUNDS = 500, BYTES = 20000, MESSAGES = 60 };
enum { INBOX, TRASH, JUNK, WORK };

/* clang-format off */
static const struct {
	const char *name;
	const char *dir;
	unsigned extra; /* percent */
	bool ignored;
} boxes[BOXES] = {
	[INBOX] = { "INBOX", "",       0,  false },
	[TRASH] = { "Bin",   ".Bin/",  50, false }, /* by its special use */
	[JUNK]  = { "Junk",  ".Junk/", 0,  true },
	[WORK]  = { "Work",  ".Work/", 0,  false },
};
/* clang-format on */
static const unsigned thresholds[] = { 50, 80 };

static struct mailbox *open_boxes[BOXES];
static uint64_t state;
static int warned;        /* -1: the index is new */
static unsigned warnings; /* messages to the owner, ever */
static unsigned foreign;  /* files made by hand */

static unsigned
rnd(unsigned n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % n;
}

static void
configure(void)
{
	static const char text[] = "hostname = test.host\n"
				   "domains = d.test\n"
				   "quota_rules = Trash:+50%, Junk:ignore\n"
				   "quota_warning = 80 50%\n";
	const struct conf_text t = { "pabal.conf", slice_str(text) };
	struct conf_errors errors = { 0 };
	void *conf;

	assert_int_equal(
	    conf_load(&shared_conf_desc, &t, 1, &conf, &errors), 0);
	assert_int_equal(store_configure(fx_store, conf, NULL), 0);
	conf_free(&conf);
	fx_quota(BYTES, MESSAGES);
}

static void
open_all(void)
{
	configure();
	for (size_t i = 0; i < BOXES; i++)
		open_boxes[i] = fx_box(boxes[i].name);
}

static void
close_all(void)
{
	for (size_t i = 0; i < BOXES; i++)
		mailbox_close(&open_boxes[i]);
}

/* ---- what the files say ---- */

struct sum {
	uint64_t bytes;
	uint64_t messages;
};

/* As the wire has it, and whether it is a message to the owner. */
static void
add_file(int dir, const char *name, struct sum *sum, unsigned *told)
{
	static char text[100000];
	const int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	const ssize_t n = read(fd, text, sizeof text - 1);

	assert_true(n >= 0);
	close(fd);
	text[n] = '\0';
	sum->bytes += (uint64_t)n;
	for (ssize_t i = 0; i < n; i++)
		sum->bytes += text[i] == '\n';
	sum->messages++;
	*told += strstr(text, "Auto-Submitted: auto-generated") != NULL;
}

static void
add_dir(const char *box, const char *part, struct sum *sum, unsigned *told)
{
	char rel[64];
	const struct dirent *de;
	DIR *dir;

	snprintf(rel, sizeof rel, "%s%s", box, part);
	dir = opendir(fx_path(rel));
	assert_non_null(dir);
	while ((de = readdir(dir)) != NULL)
		if (de->d_name[0] != '.')
			add_file(dirfd(dir), de->d_name, sum, told);
	closedir(dir);
}

/* All that counts. */
static struct sum
used(void)
{
	struct sum sum = { 0 };
	unsigned told = 0;

	for (size_t i = 0; i < BOXES; i++) {
		if (boxes[i].ignored)
			continue;
		add_dir(boxes[i].dir, "cur", &sum, &told);
		add_dir(boxes[i].dir, "new", &sum, &told);
	}
	return sum;
}

/* Messages to the owner that are there still. */
static unsigned
told_now(void)
{
	struct sum sum = { 0 };
	unsigned told = 0;

	for (size_t i = 0; i < BOXES; i++) {
		add_dir(boxes[i].dir, "cur", &sum, &told);
		add_dir(boxes[i].dir, "new", &sum, &told);
	}
	return told;
}

static void
check(void)
{
	struct account_usage u;
	const struct sum sum = used();

	assert_int_equal(account_usage(fx_account, &u, NULL), 0);
	assert_int_equal(u.used.bytes, sum.bytes);
	assert_int_equal(u.used.messages, sum.messages);
}

/* ---- the owner ---- */

static unsigned
percent_of(struct sum s)
{
	const unsigned bytes = (unsigned)(s.bytes * 100 / BYTES);
	const unsigned messages = (unsigned)(s.messages * 100 / MESSAGES);

	return bytes > messages ? bytes : messages;
}

static int
reached(unsigned percent)
{
	return percent >= thresholds[1]   ? (int)thresholds[1]
	       : percent >= thresholds[0] ? (int)thresholds[0]
					  : 0;
}

/* Before something comes in: has it come down? */
static void
expect_before(struct sum s)
{
	const unsigned near = percent_of(s) + QUOTA_HYSTERESIS;

	if (warned == -1)
		warned = reached(percent_of(s));
	else if (warned == QUOTA_FULL ? near < thresholds[0]
				      : warned > (int)near)
		warned = reached(near);
}

/* Afterwards, S without a message to the owner. */
static void
expect_after(struct sum s, bool kept_out)
{
	const unsigned percent = percent_of(s);
	int due = reached(percent);

	if (kept_out && percent + QUOTA_HYSTERESIS >= thresholds[0])
		due = QUOTA_FULL;
	if (due > warned) {
		warned = due;
		warnings++;
	}
}

/* ---- what happens ---- */

static const char *
random_text(void)
{
	static char text[8000];
	size_t n = (size_t)snprintf(text, sizeof text, "Subject: x\r\n\r\n");
	const size_t lines = rnd(10) == 0 ? rnd(80) : rnd(8);

	for (size_t i = 0; i < lines; i++)
		n += (size_t)snprintf(text + n, sizeof text - n,
		    "a line of some forty bytes or a few more\r\n");
	return text;
}

static bool
fits(struct sum s, unsigned box, uint64_t bytes)
{
	const unsigned more = 100 + boxes[box].extra;

	return boxes[box].ignored ||
	       (s.bytes + bytes <= (uint64_t)BYTES * more / 100 &&
		   s.messages + 1 <= (uint64_t)MESSAGES * more / 100);
}

static void
do_append(void)
{
	const unsigned box = rnd(BOXES);
	const struct append_info info = { .fresh = rnd(2) == 0 };
	const char *text = random_text();
	struct sum s = used();
	const unsigned before = told_now(), had = warnings;
	const bool can = fits(s, box, strlen(text));
	enum err_class class;

	expect_before(s);
	assert_int_equal(
	    fx_try_append(open_boxes[box], text, &info, &class) != 0, can);
	if (can && !boxes[box].ignored) {
		s.bytes += strlen(text);
		s.messages++;
	}
	expect_after(s, !can && info.fresh);
	assert_int_equal(told_now() - before, warnings - had);
}

static uint32_t
random_uid(unsigned box)
{
	struct message_info info;
	const uint32_t next = fx_status(open_boxes[box]).uidnext;

	for (unsigned tries = 0; tries < 20; tries++) {
		const uint32_t uid = 1 + rnd(next);

		if (message_find(open_boxes[box], uid, &info, NULL) == FOUND)
			return uid;
	}
	return 0;
}

static void
on_copied(void *arg, const struct copy_result *r)
{
	int *rc = arg;

	*rc = r->rc;
}

static void
on_told(void *arg)
{
	(void)arg;
}

static void
do_copy(bool move)
{
	const unsigned from = rnd(BOXES), to = rnd(BOXES);
	const uint32_t uid = random_uid(from);
	struct sum s = used();
	const unsigned before = told_now(), had = warnings;
	const int was = warned;
	struct message_info info;
	bool can, is_warning;
	int rc = 1;

	if (uid == 0)
		return;
	info = fx_info(open_boxes[from], uid);
	can =
	    (move && !boxes[from].ignored) || fits(s, to, (uint64_t)info.vsize);
	expect_before(s);
	message_copy(
	    open_boxes[from], &uid, 1, open_boxes[to], move, on_copied, &rc);
	assert_int_equal(rc, can ? 0 : -1);
	if (!can) {
		/* Nothing is noted. */
		warned = was;
		return;
	}
	if (!boxes[to].ignored && (!move || boxes[from].ignored)) {
		s.bytes += (uint64_t)info.vsize;
		s.messages++;
	}
	expect_after(s, false);
	account_warn(fx_account, on_told, NULL);
	/* A copy of such a message is one more. */
	is_warning = !move && told_now() - before > warnings - had;
	assert_int_equal(told_now() - before, warnings - had + is_warning);
}

static void
do_expunge(void)
{
	const unsigned box = rnd(BOXES);

	for (unsigned n = rnd(4) == 0 ? rnd(40) : 1; n > 0; n--) {
		const uint32_t uid = random_uid(box);

		if (uid == 0)
			return;
		assert_int_equal(
		    message_expunge(open_boxes[box], &uid, 1, true, NULL), 0);
	}
}

/* Another program's. */
static void
do_drop(void)
{
	const unsigned box = rnd(BOXES);
	char rel[100];

	snprintf(rel, sizeof rel, "%snew/%u.f%u.h,S=1,W=%u", boxes[box].dir,
	    1000 + foreign, foreign, rnd(100000));
	foreign++;
	fx_write(rel, "Subject: x\n\nfrom another program\n");
	fx_sync(open_boxes[box]);
}

static void
do_remove(void)
{
	const unsigned box = rnd(BOXES);
	char rel[64];
	const struct dirent *de;
	DIR *dir;

	snprintf(rel, sizeof rel, "%scur", boxes[box].dir);
	dir = opendir(fx_path(rel));
	while ((de = readdir(dir)) != NULL)
		if (de->d_name[0] != '.') {
			unlinkat(dirfd(dir), de->d_name, 0);
			break;
		}
	closedir(dir);
	fx_sync(open_boxes[box]);
}

static void
do_rebuild(void)
{
	assert_int_equal(account_rebuild(fx_account, NULL), 0);
	for (size_t i = 0; i < BOXES; i++)
		fx_sync(open_boxes[i]);
	warned = -1;
}

static void
do_reopen(void)
{
	close_all();
	fx_reopen();
	open_all();
}

static void
do_something(void)
{
	const unsigned what = rnd(100);

	if (what < 45)
		do_append();
	else if (what < 60)
		do_copy(false);
	else if (what < 75)
		do_copy(true);
	else if (what < 90)
		do_expunge();
	else if (what < 94)
		do_drop();
	else if (what < 97)
		do_remove();
	else if (what < 98)
		do_rebuild();
	else
		do_reopen();
}

static void
test_model(void **unused)
{
	const char *seed = getenv("PABAL_SEED");
	const char *rounds = getenv("PABAL_ROUNDS");
	unsigned n =
	    rounds != NULL ? (unsigned)strtoul(rounds, NULL, 10) : ROUNDS;

	(void)unused;
	state =
	    seed != NULL ? strtoull(seed, NULL, 10) : (uint64_t)clock_wall_us();
	printf("PABAL_SEED=%llu\n", (unsigned long long)state);
	warned = -1;
	assert_int_equal(
	    mailbox_create(fx_account, SLICE("Bin"), MAILBOX_TRASH, NULL), 0);
	assert_int_equal(mailbox_create(fx_account, SLICE("Work"), 0, NULL), 0);
	open_all();
	while (n-- > 0) {
		do_something();
		check();
	}
	close_all();
	printf("%u messages to the owner\n", warnings);
	if (rounds == NULL)
		assert_true(warnings > 0);
}

/* A sub-mailbox has its parent's rule, and not that of a name that begins so.
 */
static void
test_rules(void **unused)
{
	struct mailbox *m;
	bool counts;

	(void)unused;
	configure();
	assert_int_equal(
	    mailbox_create(fx_account, SLICE("Junk/a"), 0, NULL), 0);
	assert_int_equal(
	    mailbox_create(fx_account, SLICE("Junkyard"), 0, NULL), 0);
	m = fx_box("Junk/a");
	assert_int_equal(mailbox_counts(m, &counts, NULL), 0);
	assert_false(counts);
	mailbox_close(&m);
	m = fx_box("Junkyard");
	assert_int_equal(mailbox_counts(m, &counts, NULL), 0);
	assert_true(counts);
	mailbox_close(&m);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX(test_model),
		FX(test_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
