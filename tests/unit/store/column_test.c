/* SPDX-License-Identifier: ISC */
/* Columns: what is kept of many messages together. */
#include "store/visit.h"

#include "tests/unit/store/fixture.h"

#include "base/buf.h"
#include "base/mem.h"
#include "index/ix.h"
#include "index/tx.h"
#include "store/sync.h"
#include "sys/kv.h"

enum { MESSAGES = 300 };

static uint32_t uids[MESSAGES];

/* MESSAGES of them, as another program delivers them. */
static struct mailbox *
filled_box(void)
{
	struct err err = { 0 };
	struct mailbox *m = fx_box("INBOX");

	for (uint32_t i = 0; i < MESSAGES; i++) {
		char name[64];

		snprintf(name, sizeof name, "new/%u.M%u.h", 5000 + i, i);
		fx_write(name, "x\n");
		uids[i] = i + 1;
	}
	assert_int_equal(mailbox_sync(m, true, &err), 0);
	assert_int_equal(fx_info(m, MESSAGES).uid, MESSAGES);
	return m;
}

static void
keep(struct mailbox *m, uint32_t uid, enum message_column column,
    const char *word)
{
	struct err err;
	char text[32];

	snprintf(text, sizeof text, "%s%u", word, uid);
	assert_int_equal(
	    message_keep_column(m, uid, column, slice_str(text), &err), 0);
}

/* From M's memory into the index. */
static struct mailbox *
flushed(struct mailbox *m)
{
	mailbox_close(&m);
	return fx_box("INBOX");
}

struct seen {
	struct buf text;
	uint32_t uid;
};

static bool
on_bytes(void *arg, struct slice bytes)
{
	struct seen *s = arg;

	buf_add(&s->text, bytes);
	buf_addc(&s->text, ' ');
	s->uid++;
	return true;
}

/* How many of the messages from UID on the column has, one behind the other; by
 * both ways to read it. */
static uint32_t
count_from(struct mailbox *m, uint32_t uid, enum message_column column)
{
	struct seen s = { .text = { .max = 1 << 16 }, .uid = uid };
	struct err err;

	assert_int_equal(visit_column_of(m, column, uids + uid - 1,
			     MESSAGES + 1 - uid, on_bytes, &s, &err),
	    0);
	buf_fini(&s.text);
	return s.uid - uid;
}

struct walked {
	enum message_column column;
	struct buf text;
	unsigned with, without;
};

static bool
on_visit(void *arg, struct visit *v)
{
	struct walked *w = arg;
	struct message_info info;
	struct slice bytes;
	struct err err;
	const enum found f = visit_column(v, w->column, &bytes, &err);

	assert_int_not_equal(f, TEMPFAIL);
	assert_int_equal(visit_info(v, &info, &err), FOUND);
	assert_int_equal(info.size, 2);
	*(f == FOUND ? &w->with : &w->without) += 1;
	if (f == FOUND) {
		buf_add(&w->text, bytes);
		buf_addc(&w->text, ' ');
	}
	return true;
}

static struct walked
walk_all(struct mailbox *m, enum message_column column)
{
	struct walked w = { .column = column, .text = { .max = 1 << 16 } };
	struct err err;

	assert_int_equal(visit_messages(m, 1, 0, on_visit, &w, &err), 0);
	return w;
}

static void
check_walk(struct mailbox *m, enum message_column column, unsigned with)
{
	struct walked w = walk_all(m, column);

	assert_int_equal(w.with, with);
	assert_int_equal(w.with + w.without, MESSAGES);
	buf_fini(&w.text);
}

static void
test_kept(void **state)
{
	struct mailbox *m = filled_box();
	struct walked w;

	(void)state;
	for (uint32_t uid = 1; uid <= MESSAGES; uid++)
		if (uid != 200)
			keep(m, uid, COLUMN_SORT, "a");
	keep(m, 299, COLUMN_THREAD, "t");
	m = flushed(m);
	assert_int_equal(count_from(m, 1, COLUMN_SORT), 199);
	assert_int_equal(count_from(m, 201, COLUMN_SORT), 100);
	assert_int_equal(count_from(m, 299, COLUMN_THREAD), 1);
	check_walk(m, COLUMN_SORT, MESSAGES - 1);
	check_walk(m, COLUMN_THREAD, 1);
	/* The rest, and other bytes, in any order. */
	keep(m, 200, COLUMN_SORT, "b");
	keep(m, 1, COLUMN_SORT, "b");
	keep(m, 1, COLUMN_SORT, "c");
	keep(m, 128, COLUMN_SORT, "b");
	m = flushed(m);
	assert_int_equal(count_from(m, 1, COLUMN_SORT), MESSAGES);
	w = walk_all(m, COLUMN_SORT);
	assert_non_null(strstr(buf_cstr(&w.text), "c1 a2 "));
	assert_non_null(strstr(buf_cstr(&w.text), " a127 b128 a129 "));
	assert_non_null(strstr(buf_cstr(&w.text), " a199 b200 a201 "));
	buf_fini(&w.text);
	mailbox_close(&m);
}

/* With a message goes what is kept of those around it, of all columns, and
 * nothing else. */
static void
test_dropped(void **state)
{
	struct mailbox *m = filled_box();
	const uint32_t gone = 130;
	struct err err;

	(void)state;
	for (uint32_t uid = 1; uid <= MESSAGES; uid++) {
		keep(m, uid, COLUMN_SORT, "a");
		keep(m, uid, COLUMN_THREAD, "t");
	}
	m = flushed(m);
	assert_int_equal(message_expunge(m, &gone, 1, true, &err), 0);
	for (enum message_column column = COLUMN_SORT; column <= COLUMN_THREAD;
	     column++) {
		assert_int_equal(count_from(m, 1, column), 127);
		assert_int_equal(count_from(m, 128, column), 0);
		assert_int_equal(count_from(m, 255, column), 0);
		assert_int_equal(count_from(m, 256, column), MESSAGES - 255);
	}
	/* Nothing is kept of what is gone. */
	keep(m, gone, COLUMN_SORT, "a");
	m = flushed(m);
	assert_int_equal(count_from(m, gone, COLUMN_SORT), 0);
	mailbox_close(&m);
}

/* A file whose size is another one is another message. */
static void
test_changed(void **state)
{
	struct mailbox *m = filled_box();
	struct message_info info;
	struct err err = { 0 };
	char rel[300];
	int fd;

	(void)state;
	keep(m, 7, COLUMN_SORT, "a");
	m = flushed(m);
	assert_int_equal(count_from(m, 7, COLUMN_SORT), 1);
	snprintf(rel, sizeof rel, "cur/5006.M6.h,S=2,W=3,U=7:2,");
	fx_write(rel, "other\n");
	assert_int_equal(message_open(m, 7, &fd, &info, &err), FOUND);
	close(fd);
	assert_int_equal(info.size, 6);
	assert_int_equal(count_from(m, 7, COLUMN_SORT), 0);
	mailbox_close(&m);
}

static void
put_value(struct mailbox *m, struct slice value)
{
	struct err err = { 0 };
	char key[IX_KEY];
	struct ix_box b;
	struct tx tx;

	if (sync_begin(m, TX_ROOM, &tx, &b, &err) == -1 ||
	    kv_put(tx.t, ix_key(key, 'O', b.box, COLUMN_SORT), value, &err) ==
		-1 ||
	    tx_commit(&tx, &err) == -1)
		fail_msg("%s", err.text);
}

/* What is damaged is not there, wherever it ends, and is replaced. */
static void
test_damaged(void **state)
{
	static const char good[] = "\x01\x03\x00one\x02\x03\x00two";
	struct mailbox *m = filled_box();

	(void)state;
	for (size_t n = 0; n < sizeof good; n++) {
		put_value(m, slice_of(good, n));
		assert_int_equal(
		    count_from(m, 1, COLUMN_SORT), (n >= 6) + (n >= 12));
	}
	put_value(m, SLICE("\x81\x01\x00x\x01\x01\x00x"));
	assert_int_equal(count_from(m, 1, COLUMN_SORT), 0);
	put_value(m, SLICE("\x01\xff\xffx"));
	assert_int_equal(count_from(m, 1, COLUMN_SORT), 0);
	keep(m, 1, COLUMN_SORT, "a");
	keep(m, 2, COLUMN_SORT, "a");
	m = flushed(m);
	assert_int_equal(count_from(m, 1, COLUMN_SORT), 2);
	mailbox_close(&m);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX(test_kept),
		FX(test_dropped),
		FX(test_changed),
		FX(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
