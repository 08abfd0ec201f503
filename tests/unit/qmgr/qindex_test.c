/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/qindex.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "qmgr/queue/entry.h"
#include "qmgr/queue/qindex_counts.h"
#include "sys/fd.h"
#include "tests/unit/qmgr/frame.h"

static char *dir;
static int root = -1;

/* ---- records ---- */

static struct qrecord
sample(struct qrecord_rcpt *rcpts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rcpts[i] = (struct qrecord_rcpt){
			.address = SLICE("bob@example.org"),
			.target = i % 2 ? SLICE("|command") : SLICE(""),
			.dsn = SLICE("4.4.1"),
			.host = SLICE("mx.example.org"),
			.text = SLICE("connection refused"),
			.site = i < 3 ? SLICE("smtp:mx.example.org")
				      : SLICE("smtp:mx2.example.org"),
		};
	return (struct qrecord){ .state = ENTRY_WAITING,
		.place = SPOOL_CUR,
		.known = true,
		.whole = true,
		.attempts = 3,
		.life = 7,
		.seen_ms = 11,
		.next_ms = 5000,
		.arrived_us = 1700000000000000,
		.size = 4096,
		.mt_priority = -4,
		.sender = SLICE("alice@pabal.test"),
		.login = SLICE("alice"),
		.rcpts = rcpts,
		.nrcpts = n };
}

static void
test_record(void **state)
{
	struct qrecord_rcpt rcpts[4];
	const struct qrecord r = sample(rcpts, 4);
	struct buf value = { .max = 65536 };
	struct qrecord got;
	struct arena a;

	(void)state;
	arena_init(&a);
	qrecord_put(&value, &r);
	assert_true(qrecord_get(buf_slice(&value), &a, &got));
	assert_true(got.known && got.whole);
	assert_int_equal(got.state, ENTRY_WAITING);
	assert_int_equal(got.place, SPOOL_CUR);
	assert_int_equal(got.attempts, 3);
	assert_int_equal(got.life, 7);
	assert_int_equal(got.seen_ms, 11);
	assert_int_equal(got.next_ms, 5000);
	assert_int_equal(got.arrived_us, 1700000000000000);
	assert_int_equal(got.size, 4096);
	assert_int_equal(got.mt_priority, -4);
	assert_true(slice_is(got.sender, "alice@pabal.test"));
	assert_true(slice_is(got.login, "alice"));
	assert_int_equal(got.nrcpts, 4);
	assert_true(slice_is(got.rcpts[0].site, "smtp:mx.example.org"));
	assert_true(slice_is(got.rcpts[2].site, "smtp:mx.example.org"));
	assert_true(slice_is(got.rcpts[3].site, "smtp:mx2.example.org"));
	assert_true(slice_is(got.rcpts[1].target, "|command"));
	assert_true(slice_is(got.rcpts[1].text, "connection refused"));
	/* Cut anywhere it is none. */
	for (size_t n = 0; n < value.n; n++)
		assert_false(
		    qrecord_get(slice_sub(buf_slice(&value), 0, n), &a, &got));
	buf_addc(&value, 'x');
	assert_false(qrecord_get(buf_slice(&value), &a, &got));
	buf_fini(&value);
	arena_fini(&a);
}

/* What does not fit is left to the file. */
static void
test_many_recipients(void **state)
{
	static struct qrecord_rcpt rcpts[1000];
	const struct qrecord r = sample(rcpts, 1000);
	struct buf value = { .max = 65536 };
	struct qrecord got;
	struct arena a;

	(void)state;
	arena_init(&a);
	qrecord_put(&value, &r);
	assert_true(value.n < 2048);
	assert_true(qrecord_get(buf_slice(&value), &a, &got));
	assert_true(got.known);
	assert_false(got.whole);
	assert_true(got.nrcpts > 0 && got.nrcpts < 1000);
	buf_fini(&value);
	arena_fini(&a);
}

/* ---- the table ---- */

static bool
reopen(const char *boot_id)
{
	struct qindex_meta meta;
	struct err err = { 0 };
	bool kept;

	assert_int_equal(qindex_open(root, boot_id, &meta, &kept, &err), 0);
	assert_true(kept || meta.waiting + meta.held == 0);
	return kept;
}

static void
put(const char *id, uint8_t state, int64_t next_ms)
{
	struct qrecord_rcpt rcpt;
	struct qrecord r = sample(&rcpt, 1);
	struct buf value = { .max = 65536 };

	r.state = state;
	r.next_ms = next_ms;
	qrecord_put(&value, &r);
	assert_int_equal(qindex_put(slice_str(id), buf_slice(&value), NULL), 0);
	buf_fini(&value);
}

static void
begin(void)
{
	assert_int_equal(qindex_begin(10, NULL), 0);
}

static struct qindex_meta
commit(void)
{
	struct qindex_meta meta = { .life = 1, .skew_ms = -5 };

	assert_int_equal(qindex_commit(&meta, NULL), 0);
	return meta;
}

static void
due(int64_t after_ms, const char *after_id, const char *want)
{
	struct qindex_due after = { .ms = after_ms }, keys[8];
	struct buf got = { .max = 200 };
	size_t n;

	strlcpy(after.id, after_id, sizeof after.id);
	assert_int_equal(qindex_due_after(&after, keys, 8, &n, NULL), 0);
	for (size_t i = 0; i < n; i++)
		buf_addf(&got, "%s%s", i > 0 ? " " : "", keys[i].id);
	assert_string_equal(buf_cstr(&got), want);
	buf_fini(&got);
}

static void
walk(const char *after, const char *want)
{
	struct buf got = { .max = 200 };
	struct qrecord r;
	struct arena a;

	arena_init(&a);
	assert_int_equal(qindex_walk(slice_str(after), NULL), 0);
	while (qindex_walk_next(&a, &r, NULL) == FOUND)
		buf_addf(&got, "%s%s", got.n > 0 ? " " : "", r.id);
	qindex_walk_end();
	assert_string_equal(buf_cstr(&got), want);
	buf_fini(&got);
	arena_fini(&a);
}

/* As "name:messages ...", in the order of names. */
static void
counts(enum qgroup_kind kind, const char *want)
{
	struct buf got = { .max = 4000 };
	struct qcount c;

	assert_int_equal(qindex_counts(NULL), 0);
	while (qindex_counts_next(kind, SLICE(""), &c, NULL) == FOUND)
		buf_addf(&got, "%s%.*s:%lld", got.n > 0 ? " " : "",
		    SLICE_FMT(c.name), (long long)c.messages);
	qindex_walk_end();
	assert_string_equal(buf_cstr(&got), want);
	buf_fini(&got);
}

static void
put_group(const char *id, struct slice login, struct slice text, int64_t size)
{
	struct qrecord_rcpt rcpts[4];
	struct qrecord r = sample(rcpts, 4);
	struct buf value = { .max = 65536 };

	r.login = login;
	r.size = size;
	rcpts[0].text = text;
	qrecord_put(&value, &r);
	assert_int_equal(qindex_put(slice_str(id), buf_slice(&value), NULL), 0);
	buf_fini(&value);
}

/* A message counts once in a group; groups of none are gone. */
static void
test_groups(void **state)
{
	static char of_700[700], other_700[700];
	struct qcount c;

	(void)state;
	memset(of_700, 'x', sizeof of_700);
	memset(other_700, 'x', sizeof other_700);
	other_700[699] = 'y';
	qindex_drop();
	assert_false(reopen("one"));
	begin();
	put_group("A", SLICE("alice"), SLICE("no route"), 10);
	put_group("B", SLICE(""), SLICE("no route"), 20);
	put_group("B", SLICE("alice"), SLICE("time-out"), 300);
	commit();
	counts(QGROUP_LOGIN, "alice:2");
	counts(QGROUP_REASON, "connection refused:2 no route:1 time-out:1");
	counts(QGROUP_SITE, "smtp:mx.example.org:2 smtp:mx2.example.org:2");
	counts(QGROUP_DOMAIN, "example.org:2");
	counts(QGROUP_STATE, "waiting:2");
	counts(QGROUP_AGE, ":2");
	assert_int_equal(qindex_counts(NULL), 0);
	assert_int_equal(
	    qindex_counts_next(QGROUP_LOGIN, SLICE(""), &c, NULL), FOUND);
	assert_int_equal(c.bytes, 310);
	assert_int_equal(c.oldest_s, 1700000000);
	qindex_walk_end();
	/* Names longer than a key. */
	begin();
	assert_int_equal(qindex_del(SLICE("A"), NULL), 0);
	put_group("B", SLICE("bob"), slice_of(of_700, 700), 1);
	put_group("C", SLICE("bob"), slice_of(other_700, 700), 1);
	commit();
	counts(QGROUP_LOGIN, "bob:2");
	assert_int_equal(qindex_counts(NULL), 0);
	assert_int_equal(
	    qindex_counts_next(QGROUP_REASON, SLICE(""), &c, NULL), FOUND);
	assert_int_equal(
	    qindex_counts_next(QGROUP_REASON, SLICE(""), &c, NULL), FOUND);
	assert_int_equal(c.name.n, 700);
	assert_int_equal(c.messages, 1);
	qindex_walk_end();
	/* What is given up changes nothing. */
	begin();
	assert_int_equal(qindex_del(SLICE("B"), NULL), 0);
	qindex_abort();
	begin();
	assert_int_equal(qindex_del(SLICE("C"), NULL), 0);
	commit();
	counts(QGROUP_LOGIN, "bob:1");
	begin();
	assert_int_equal(qindex_del(SLICE("B"), NULL), 0);
	commit();
	counts(QGROUP_LOGIN, "");
	counts(QGROUP_AGE, "");
}

static void
test_orders_and_counts(void **state)
{
	struct qindex_meta meta;

	(void)state;
	assert_false(reopen("one"));
	begin();
	put("A", ENTRY_WAITING, 300);
	put("B", ENTRY_WAITING, -100);
	put("C", ENTRY_HELD, 0);
	put("D", ENTRY_WAITING, 200);
	meta = commit();
	assert_int_equal(meta.waiting, 3);
	assert_int_equal(meta.held, 1);
	due(INT64_MIN, "", "B D A");
	due(200, "", "D A");
	due(200, "D", "A");
	due(300, "A", "");
	walk("", "A B C D");
	walk("B", "C D");
	walk("BB", "C D");
	walk("D", "");
	/* Another time, another state, and gone. */
	begin();
	put("A", ENTRY_WAITING, 100);
	put("D", ENTRY_HELD, 0);
	assert_int_equal(qindex_del(SLICE("B"), NULL), 0);
	assert_int_equal(qindex_del(SLICE("never"), NULL), 0);
	meta = commit();
	assert_int_equal(meta.waiting, 1);
	assert_int_equal(meta.held, 2);
	due(INT64_MIN, "", "A");
	walk("", "A C D");
	/* Nothing of what is given up. */
	begin();
	put("E", ENTRY_WAITING, 1);
	qindex_abort();
	walk("", "A C D");
}

/* ---- whether it may be believed ---- */

static void
end_of_process(void)
{
	/* As kv leaves it when the process just ends. */
	char *cmd = xasprintf("cp -p %s/index/stamp %s/stamp", dir, dir);

	assert_int_equal(system(cmd), 0);
	free(cmd);
	qindex_close();
	cmd = xasprintf("mv %s/stamp %s/index/stamp", dir, dir);
	assert_int_equal(system(cmd), 0);
	free(cmd);
}

static void
in_shell(const char *what)
{
	char *cmd = xasprintf("cd %s/index && %s", dir, what);

	assert_int_equal(system(cmd), 0);
	free(cmd);
}

static void
test_believed(void **state)
{
	(void)state;
	end_of_process();
	assert_true(reopen("one"));
	walk("", "A C D");
	/* Closed in order: another run of the kernel, too. */
	qindex_close();
	assert_true(reopen("two"));
	walk("", "A C D");
	end_of_process();
	assert_true(reopen("two"));
	walk("", "A C D");
}

/* Whoever ends a second time may have met in it what ends processes. */
static void
test_believed_once(void **state)
{
	(void)state;
	end_of_process();
	assert_false(reopen("two"));
	walk("", "");
	begin();
	put("A", ENTRY_WAITING, 1);
	commit();
	end_of_process();
	assert_true(reopen("two"));
	walk("", "A");
}

/* Each leaves an index that holds nothing, and works. */
static void
test_not_believed(void **state)
{
	static const struct {
		const char *boot_id;
		const char *what; /* is done to it in between */
	} rows[] = {
		{ "another", "true" },
		{ "", "true" },
		{ "one", "rm stamp" },
		{ "one", "sed -i 's/index 5/index 4/' stamp" },
		{ "one", ": > stamp" },
		{ "one", "rm data.mdb" },
		{ "one", ": > data.mdb" },
		{ "one", "truncate -s 9000 data.mdb" },
		{ "one", "head -c 100000 /dev/urandom > data.mdb" },
		{ "one", "rm data.mdb; ln -s /dev/null data.mdb" },
		{ "one", "rm -r ../index" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		qindex_drop();
		assert_false(reopen("one"));
		begin();
		put("A", ENTRY_WAITING, 1);
		commit();
		end_of_process();
		in_shell(rows[i].what);
		assert_false(reopen(rows[i].boot_id));
		walk("", "");
		begin();
		put("B", ENTRY_WAITING, 1);
		assert_int_equal(commit().waiting, 1);
	}
}

/* Pages that are damaged are an error, never the end of the process, and the
 * next one does not believe it. */
static void
test_damaged_pages(void **state)
{
	struct err err = { 0 };
	struct qrecord r;
	struct arena a;

	(void)state;
	qindex_drop();
	assert_false(reopen("one"));
	begin();
	for (int i = 0; i < 1000; i++) {
		char id[16];

		snprintf(id, sizeof id, "%04d", i);
		put(id, ENTRY_WAITING, i);
	}
	commit();
	/* All but the first two pages, which are the table's own; what is open
	 * sees it. */
	in_shell("dd if=/dev/zero of=data.mdb bs=4096 seek=2 conv=notrunc "
		 "count=$(($(stat -c %s data.mdb) / 4096 - 2)) 2>/dev/null");
	arena_init(&a);
	assert_int_equal(qindex_get(SLICE("0500"), &a, &r, &err), TEMPFAIL);
	assert_int_equal(qindex_begin(1, &err), -1);
	arena_fini(&a);
	qindex_close();
	assert_false(reopen("one"));
	walk("", "");
}

/* It grows far beyond what it was opened with. */
static void
test_grows(void **state)
{
	enum { EACH = 500, TURNS = 120 };

	(void)state;
	qindex_drop();
	assert_false(reopen("one"));
	for (int t = 0; t < TURNS; t++) {
		assert_int_equal(qindex_begin(EACH, NULL), 0);
		for (int i = 0; i < EACH; i++) {
			char id[16];

			/* scattered */
			snprintf(id, sizeof id, "%08x",
			    (unsigned)(t * EACH + i) * 2654435761U);
			put(id, ENTRY_WAITING, i);
		}
		assert_int_equal(commit().waiting, (t + 1) * EACH);
	}
}

static int
setup(void **state)
{
	(void)state;
	dir = frame_dir();
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root == -1 ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	qindex_close();
	fd_close(&root);
	return frame_remove(dir);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_many_recipients),
		cmocka_unit_test(test_orders_and_counts),
		cmocka_unit_test(test_believed),
		cmocka_unit_test(test_believed_once),
		cmocka_unit_test(test_not_believed),
		cmocka_unit_test(test_damaged_pages),
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_groups),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
