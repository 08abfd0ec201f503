/* SPDX-License-Identifier: ISC */
/*
 * Every operation of the store on a disk on which one call fails, or all from
 * one on, or before which the process ends.  What was acknowledged holds, what
 * was refused is not half done, nobody aborts, and the account works again
 * when the disk does.
 *
 * Each operation is first run on a good disk, which gives the state it should
 * lead to and the number of calls.  PABAL_FAULTS=N takes each N-th strike only
 * (13 by default, 1 is the whole sweep), PABAL_FAULTS_FROM which of them (0 to
 * N - 1, else a random one).
 */
#include "tests/unit/store/fixture.h"

#include <poll.h>
#include <sys/wait.h>
#include <time.h>

#include "base/mem.h"
#include "maildir/filename.h"
#include "sys/durable.h"
#include "tests/fault.h"

#define MAIL "Subject: x\r\n\r\nbody\r\n"

enum { STATE_MAX = 1 << 20, CHILD_FAILED = 1 };

static struct durable *pool;
static bool with_pool;
static char where[300];

/* ---- an account ---- */

static void
open_as(bool pooled)
{
	struct store_opts opts = { .hostname = "h", .boot_id = "boot-1" };

	pool = pooled ? durable_new(fx_root, SYNC_AUTO) : NULL;
	opts.durable = pool;
	fx_store = store_new(fx_root, &opts);
}

static void
shut(void)
{
	account_close(&fx_account);
	store_free(&fx_store);
	durable_free(&pool);
}

static int
enter(struct err *err)
{
	return store_account_open(fx_store, "d/u", &fx_account, err) == FOUND
		   ? 0
		   : -1;
}

/* Until *CALLS operations are done. */
static void
wait_done(const unsigned *calls)
{
	while (pool != NULL && *calls == 0) {
		struct pollfd p = { durable_fd(pool), POLLIN, 0 };

		poll(&p, 1, -1);
		durable_reap(pool);
	}
}

/* More than there are letters for in file names. */
#define MANY                                                                   \
	"k00 k01 k02 k03 k04 k05 k06 k07 k08 k09 k10 k11 k12 k13 k14 k15 "     \
	"k16 k17 k18 k19 k20 k21 k22 k23 k24 k25 k26 k27 k28 k29"

static int
set_keyword(struct mailbox *m, uint32_t uid, const char *name, struct err *err)
{
	const struct flags_change c = {
		.op = FLAGS_ADD,
		.flags = MSG_FLAGGED,
		.keywords = slice_str(name),
		.unchanged_since = UINT64_MAX,
	};
	uint64_t from, to;

	return message_flags(m, &uid, 1, &c, NULL, &from, &to, err);
}

static void
put_keywords(struct buf *out, struct mailbox *m, const struct message_info *i)
{
	const struct keyword_table *t = mailbox_keywords(m);
	const char *name;

	for (unsigned n = 0;
	     (n = keyword_set_next(&i->keywords, n)) < KEYWORDS_MAX; n++) {
		buf_addc(out, ' ');
		name = keywords_name(t, n);
		assert_non_null(name);
		buf_adds(out, name);
	}
}

/* INBOX with three messages, two with keywords; p and p/k with one each. */
static void
build(void)
{
	static const char *const names[] = { "INBOX", "p", "p/k" };
	struct mailbox *m;

	open_as(false);
	assert_int_equal(store_account_create(fx_store, "d/u", NULL), 0);
	assert_int_equal(enter(NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (i > 0)
			assert_int_equal(mailbox_create(fx_account,
					     slice_str(names[i]), 0, NULL),
			    0);
		m = fx_box(names[i]);
		fx_append(m, MAIL, MSG_SEEN);
		if (i == 0) {
			fx_append(m, MAIL, 0);
			fx_append(m, MAIL, MSG_ANSWERED);
			assert_int_equal(set_keyword(m, 1, MANY, NULL), 0);
			fx_flush();
			assert_int_equal(set_keyword(m, 2, "two", NULL), 0);
		}
		mailbox_close(&m);
	}
	account_close(&fx_account);
}

/* ---- what is in it ---- */

struct names {
	struct buf text; /* C strings */
};

static bool
add_name(void *arg, const struct mailbox_info *info)
{
	struct names *n = arg;
	char rel[64];

	snprintf(rel, sizeof rel, ".%.*s/cur", SLICE_FMT(info->name));
	if (!info->exists ||
	    (special_of(info->name) != 0 && access(fx_path(rel), F_OK) == -1))
		return true;
	buf_add(&n->text, info->name);
	buf_addc(&n->text, '\0');
	return true;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* A line for each message: in order and with its UID, or sorted without. */
static void
put_box(struct buf *out, const char *name, bool uids)
{
	struct message_info infos[32];
	struct mailbox *m = fx_box(name);
	char lines[32][100];
	char text[100];
	struct buf line;
	size_t got;

	buf_addf(out, "[%s]\n", name);
	buf_init(&line, sizeof lines[0] - 1);
	fx_sync(m);
	assert_int_equal(message_read(m, 1, infos, 32, &got, NULL), 0);
	for (size_t i = 0; i < got; i++) {
		fx_body(m, infos[i].uid, text, sizeof text);
		assert_string_equal(text, "Subject: x\n\nbody\n");
		buf_reset(&line);
		buf_addf(
		    &line, "%u %x", uids ? infos[i].uid : 0, infos[i].flags);
		put_keywords(&line, m, &infos[i]);
		snprintf(lines[i], sizeof lines[i], "%s", buf_cstr(&line));
	}
	if (!uids)
		qsort(lines, got, sizeof lines[0], by_text);
	for (size_t i = 0; i < got; i++)
		buf_addf(out, "%s\n", lines[i]);
	buf_fini(&line);
	mailbox_close(&m);
}

static void
put_state(struct buf *out, bool uids)
{
	struct err err = { 0 };
	struct names names;
	struct slice rest;

	buf_reset(out);
	buf_init(&names.text, STATE_MAX);
	if (mailbox_list(fx_account, false, add_name, &names, &err) == -1)
		fail_msg("%s: then list: %s", where, err.text);
	rest = buf_slice(&names.text);
	while (rest.n > 0)
		put_box(out, slice_cut(rest, '\0', &rest).p, uids);
	buf_fini(&names.text);
}

/* ---- operations ---- */

struct op {
	const char *name;
	int (*run)(struct err *err);
	void (*prepare)(void); /* while the store is closed */
	void (*lead)(void);    /* while the disk is good */
	bool opens;            /* the account is opened by run */
	bool renumbers;        /* what was refused has new UIDs perhaps */
	bool anyway;           /* what was refused may be done */
	bool parts;            /* a crash may leave a part of it done */
};

static int
with_box(const char *name, int (*f)(struct mailbox *m, struct err *err),
    struct err *err)
{
	struct mailbox *m;
	int rc;

	if (mailbox_open(fx_account, slice_str(name), &m, err) != FOUND)
		return -1;
	rc = f(m, err);
	mailbox_close(&m);
	return rc;
}

static int
op_account(struct err *err)
{
	struct account *a;

	if (store_account_ensure(fx_store, "d/new", &a, err) != FOUND)
		return -1;
	account_close(&a);
	return 0;
}

static int
op_open(struct err *err)
{
	return enter(err);
}

static int
op_create(struct err *err)
{
	return mailbox_create(fx_account, SLICE("n"), 0, err);
}

static int
op_first_use(struct err *err)
{
	struct mailbox *m;

	if (mailbox_open(fx_account, SLICE("Junk"), &m, err) != FOUND)
		return -1;
	mailbox_close(&m);
	return 0;
}

static int
op_delete(struct err *err)
{
	return mailbox_delete(fx_account, SLICE("p"), err);
}

static int
op_delete_default(struct err *err)
{
	return mailbox_delete(fx_account, SLICE("Trash"), err);
}

static int
rename_box(struct slice from, struct slice to, struct err *err)
{
	struct fx_renamed r = { .rc = 1, .err = err };
	struct renaming *renaming =
	    mailbox_rename_new(fx_account, from, to, fx_on_renamed, &r);

	while (mailbox_rename_step(renaming))
		;
	wait_done(&r.calls);
	return r.rc;
}

static int
op_rename(struct err *err)
{
	return rename_box(SLICE("p"), SLICE("q"), err);
}

static int
op_rename_inbox(struct err *err)
{
	return rename_box(SLICE("INBOX"), SLICE("old"), err);
}

static int
op_subscribe(struct err *err)
{
	return mailbox_subscribe(fx_account, SLICE("p"), true, err);
}

static int
append_n(struct mailbox *m, int n, struct err *err)
{
	const struct append_info info = { .flags = MSG_SEEN,
		.date_s = 1000000000 };
	struct append_batch *b = append_batch_new(fx_store, n > 1);
	struct fx_done d = { .rc = 0 };
	int rc = 0;

	for (int i = 0; i < n && rc == 0; i++) {
		d.a = append_begin(b, m, err);
		rc = d.a == NULL || append_write(d.a, SLICE(MAIL), err) == -1 ||
			     append_finish(d.a, &info, err) == -1
			 ? -1
			 : 0;
	}
	if (rc == 0) {
		append_commit(b, fx_on_append, &d);
		wait_done(&d.calls);
		rc = d.rc;
		*err = d.err;
	}
	append_batch_free(&b);
	return rc;
}

static int
append_one(struct mailbox *m, struct err *err)
{
	return append_n(m, 1, err);
}

static int
append_two(struct mailbox *m, struct err *err)
{
	return append_n(m, 2, err);
}

static int
op_append(struct err *err)
{
	return with_box("INBOX", append_one, err);
}

static int
op_append_two(struct err *err)
{
	return with_box("p", append_two, err);
}

struct copied {
	unsigned calls;
	int rc;
	struct err err;
};

static void
on_copied(void *arg, const struct copy_result *r)
{
	struct copied *c = arg;

	c->rc = r->rc;
	c->err = r->err;
	c->calls++;
}

static int
copy_or_move(struct mailbox *m, bool move, struct err *err)
{
	const uint32_t uids[] = { 1, 2 };
	struct copied c = { .rc = -1 };
	struct mailbox *to;

	if (mailbox_open(fx_account, SLICE("p"), &to, err) != FOUND)
		return -1;
	message_copy(m, uids, 2, to, move, on_copied, &c);
	wait_done(&c.calls);
	mailbox_close(&to);
	*err = c.err;
	return c.rc;
}

static int
copy_two(struct mailbox *m, struct err *err)
{
	return copy_or_move(m, false, err);
}

static int
move_two(struct mailbox *m, struct err *err)
{
	return copy_or_move(m, true, err);
}

static int
op_copy(struct err *err)
{
	return with_box("INBOX", copy_two, err);
}

static int
op_move(struct err *err)
{
	return with_box("INBOX", move_two, err);
}

static int
store_flags(struct mailbox *m, struct err *err)
{
	const uint32_t uids[] = { 1, 3 };
	const struct flags_change c = {
		.op = FLAGS_SET,
		.flags = MSG_DRAFT,
		.unchanged_since = UINT64_MAX,
	};
	uint64_t from, to;

	return message_flags(m, uids, 2, &c, NULL, &from, &to, err);
}

static int
op_flags(struct err *err)
{
	return with_box("INBOX", store_flags, err);
}

static int
store_keyword(struct mailbox *m, struct err *err)
{
	return set_keyword(m, 3, "three", err);
}

static int
op_keyword(struct err *err)
{
	return with_box("INBOX", store_keyword, err);
}

static int
op_flush(struct err *err)
{
	bool more = true;

	while (more)
		if (account_flush(fx_account, &more, err) == -1)
			return -1;
	return 0;
}

static int
expunge_two(struct mailbox *m, struct err *err)
{
	const uint32_t uids[] = { 1, 3 };

	return message_expunge(m, uids, 2, true, err);
}

static int
op_expunge(struct err *err)
{
	return with_box("INBOX", expunge_two, err);
}

static int
scan_now(struct mailbox *m, struct err *err)
{
	return mailbox_sync(m, true, err);
}

static int
op_scan(struct err *err)
{
	return with_box("INBOX", scan_now, err);
}

static void
drop_files(void)
{
	fx_write("new/9.M1P1.other", "Subject: x\n\nbody\n");
	fx_write("cur/9.M2P1.other:2,FS", "Subject: x\n\nbody\n");
}

static void
lose_index(void)
{
	tree_remove(AT_FDCWD, fx_path("pabal.index"));
}

/* Acknowledged, and in the index only. */
static void
flag_p(void)
{
	struct mailbox *m = fx_box("p");

	fx_flags(m, 1, FLAGS_ADD, MSG_FLAGGED, 0);
	mailbox_close(&m);
}

/* clang-format off */
static const struct op ops[] = {
	{ .name = "new account", .run = op_account },
	{ .name = "open", .run = op_open, .opens = true },
	{ .name = "index", .run = op_open, .opens = true, .prepare = lose_index },
	{ .name = "create", .run = op_create },
	{ .name = "first use", .run = op_first_use },
	{ .name = "delete", .run = op_delete },
	{ .name = "delete default", .run = op_delete_default },
	{ .name = "rename", .run = op_rename, .lead = flag_p, .parts = true },
	{ .name = "rename inbox", .run = op_rename_inbox, .renumbers = true, .parts = true },
	{ .name = "subscribe", .run = op_subscribe },
	{ .name = "append", .run = op_append },
	{ .name = "append two", .run = op_append_two, .parts = true },
	{ .name = "copy", .run = op_copy, .parts = true },
	{ .name = "move", .run = op_move, .renumbers = true, .parts = true },
	{ .name = "flags", .run = op_flags },
	{ .name = "keyword", .run = op_keyword },
	{ .name = "flush", .run = op_flush, .lead = flag_p },
	{ .name = "expunge", .run = op_expunge, .parts = true, .anyway = true },
	{ .name = "scan", .run = op_scan, .prepare = drop_files },
};
/* clang-format on */

/* ---- a run ---- */

static const struct op *op;
static struct buf before, before_loose, after, after_loose, now, built;

#define CHECK(c)                                                               \
	do {                                                                   \
		if (!(c))                                                      \
			fail_msg("%s: %s", where, #c);                         \
	} while (0)

static void
expect(struct buf *want, bool uids)
{
	put_state(&now, uids);
	if (!slice_eq(buf_slice(&now), buf_slice(want)))
		fail_msg("%s:\n%sshould be\n%s", where, buf_cstr(&now),
		    buf_cstr(want));
}

/* The account in its first state, closed. */
static void
fresh(void)
{
	tree_remove(fx_root, "d");
	build();
	store_free(&fx_store);
	if (op->prepare != NULL)
		op->prepare();
}

/* Up to where the disk begins to fail. */
static void
lead(void)
{
	open_as(with_pool);
	if (!op->opens)
		assert_int_equal(enter(NULL), 0);
	if (op->lead != NULL)
		op->lead();
}

static void
enter_again(void)
{
	struct err err = { 0 };

	for (int tries = 0; fx_account == NULL && enter(&err) == -1; tries++)
		if (tries == 2)
			fail_msg("%s: then %s", where, err.text);
}

static void
tell(enum fault_kind kind, unsigned nth, bool for_ever, const char *why)
{
	static const char *const kinds[] = { [FAULT_SHORT] = "short",
		[FAULT_NOSPC] = "ENOSPC",
		[FAULT_IO] = "EIO",
		[FAULT_EXIT] = "exit" };

	snprintf(where, sizeof where, "%s%s: call %u %s %s%s: %.100s", op->name,
	    with_pool ? " (pool)" : "", nth, fault_name(), kinds[kind],
	    for_ever ? " for ever" : "", why);
}

/* The states before and after on a good disk; how many calls it takes. */
static unsigned
good_run(void)
{
	struct err err = { 0 };
	unsigned calls;

	tell(FAULT_IO, 0, false, "good disk");
	fresh();
	lead();
	enter_again();
	put_state(&before, true);
	put_state(&before_loose, false);
	shut();
	fresh();
	lead();
	fault_count();
	CHECK(op->run(&err) == 0);
	calls = fault_calls();
	fault_off();
	enter_again();
	put_state(&after, true);
	put_state(&after_loose, false);
	shut();
	return calls;
}

/* A lost index changes nothing. */
static void
rebuild(void)
{
	struct err err = { 0 };

	fx_flush();
	put_state(&now, false);
	CHECK(account_rebuild(fx_account, &err) == 0);
	buf_reset(&built);
	buf_add(&built, buf_slice(&now));
	expect(&built, false);
}

/* All or nothing, and some of many. */
static void
expect_either(void)
{
	put_state(&now, false);
	if (!op->parts && !slice_eq(buf_slice(&now), buf_slice(&before_loose)))
		expect(&after_loose, false);
}

/* What was refused is undone; on a disk that takes nothing any more it cannot
 * be, and may just as well be done. */
static void
expect_refused(bool once)
{
	if (!once || op->anyway)
		expect_either();
	else
		expect(op->renumbers ? &before_loose : &before, !op->renumbers);
}

static void
strike(enum fault_kind kind, unsigned nth, bool for_ever)
{
	/* After a part of a write the next call fails as well: that may be the
	 * one that undoes. */
	const bool once = kind != FAULT_SHORT && !for_ever;
	struct err err = { 0 };
	int rc;

	fresh();
	lead();
	fault_arm(kind, nth, for_ever);
	rc = op->run(&err);
	tell(kind, nth, for_ever, rc == 0 ? "done" : err.text);
	fault_off();
	/* In this process, and in one that knows nothing of it. */
	for (int i = 0; i < 2; i++) {
		enter_again();
		if (rc == 0)
			expect(&after, true);
		else
			expect_refused(once);
		shut();
		open_as(false);
	}
	enter_again();
	if (rc == -1 && !op->opens && once) {
		if (op->run(&err) == -1)
			fail_msg("%s: then: %s", where, err.text);
		if (!op->renumbers)
			expect(&after_loose, false);
	}
	rebuild();
	shut();
}

/* The process ends before a call: all or nothing, and some of many. */
static void
strike_dead(unsigned nth)
{
	struct err err = { 0 };
	int status;
	pid_t pid;

	fresh();
	pid = fork();
	if (pid == 0) {
		lead();
		fault_arm(FAULT_EXIT, nth, false);
		_exit(op->run(&err) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	tell(FAULT_EXIT, nth, false, "");
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) != 1);
	open_as(false);
	enter_again();
	if (WEXITSTATUS(status) == 0)
		expect(&after_loose, false);
	else
		expect_either();
	rebuild();
	shut();
}

static unsigned
number_of(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static unsigned step, from; /* each step-th strike, the first ones left out */

static void
sweep(const struct op *o)
{
	static const enum fault_kind kinds[] = { FAULT_SHORT, FAULT_NOSPC,
		FAULT_IO };
	unsigned calls, at = from;

	op = o;
	calls = good_run();
	for (unsigned nth = 1; nth <= calls; nth++) {
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
			for (int ever = 0; ever < 2; ever++)
				if (at++ % step == 0) {
					strike(kinds[k], nth, ever == 1);
				}
		if (at++ % step == 0) {
			strike_dead(nth);
		}
	}
}

static void
test_sweep(void **state)
{
	(void)state;
	step = number_of("PABAL_FAULTS", 13);
	from = number_of("PABAL_FAULTS_FROM", arc4random_uniform(step));
	print_message("PABAL_FAULTS=%u PABAL_FAULTS_FROM=%u\n", step, from);
	shut();
	buf_init(&before, STATE_MAX);
	buf_init(&before_loose, STATE_MAX);
	buf_init(&after, STATE_MAX);
	buf_init(&after_loose, STATE_MAX);
	buf_init(&now, STATE_MAX);
	buf_init(&built, STATE_MAX);
	for (int pooled = 0; pooled < 2; pooled++)
		for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
			with_pool = pooled == 1;
			sweep(&ops[i]);
		}
	buf_fini(&before);
	buf_fini(&before_loose);
	buf_fini(&after);
	buf_fini(&after_loose);
	buf_fini(&now);
	buf_fini(&built);
	fx_open_as("boot-1");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX(test_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
