/* SPDX-License-Identifier: ISC */
#include "qmgr/queue/message.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bsd/string.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "log/log.h"
#include "qmgr/queue/note.h"
#include "qmgr/queue/tail.h"
#include "queue/envelope_text.h"
#include "sys/fd.h"
#include "tests/fault.h"
#include "tests/unit/qmgr/frame.h"

static char *dir;
static const char body[] = "Subject: x\r\n\r\nhello\r\n";

static int
setup(void **state)
{
	struct err err;
	int fd;

	(void)state;
	dir = frame_dir();
	ev_init();
	log_set(LOG_LOGFMT, LOG_LVL_ERR);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	entry_init();
	return spool_init(fd, &err);
}

static int
teardown(void **state)
{
	(void)state;
	return frame_remove(dir);
}

/* A file in new/ with two recipients, and TAIL behind the message. */
static struct entry *
make(const char *tail)
{
	struct envelope_rcpt rcpts[2] = {
		{ .address = SLICE("bob@pabal.test") },
		{ .address = SLICE("carol@pabal.test"),
		    .notify = SLICE("NEVER") },
	};
	struct envelope env = { .arrived_us = 1700000000000000,
		.size = sizeof body - 1,
		.crc32c = crc32c(0, SLICE("x")),
		.sender = SLICE("alice@pabal.test"),
		.rcpts = rcpts,
		.nrcpts = 2 };
	struct buf text = { .max = 65536 };
	char id[ENVELOPE_ID_BYTES];
	struct err err = { 0 };
	int fd;

	spool_new_id(id);
	env.id = slice_str(id);
	envelope_format(&env, &text);
	buf_adds(&text, body);
	buf_adds(&text, tail);
	fd = spool_create(id, &err);
	assert_int_not_equal(fd, -1);
	assert_int_equal(fd_write_all(fd, buf_slice(&text), &err), 0);
	fd_close(&fd);
	assert_int_equal(spool_publish(id, &err), 0);
	buf_fini(&text);
	return entry_add(id, SPOOL_NEW, 0);
}

/* A line sealed as the code seals it. */
static const char *
sealed(const char *line)
{
	static char out[512];

	snprintf(
	    out, sizeof out, "%s !%08x\n", line, crc32c(0, slice_str(line)));
	return out;
}

static void
test_load(void **state)
{
	struct entry *e = make("");
	struct err err = { 0 };
	struct message *m = message_load(e, &err);

	(void)state;
	assert_non_null(m);
	assert_int_equal(m->nrcpts, 2);
	assert_true(slice_is(m->env.sender, "alice@pabal.test"));
	assert_true(slice_is(m->rcpts[1]->env.notify, "NEVER"));
	assert_int_equal(e->arrived_us, 1700000000000000);
	message_free(&m);
	entry_free(&e);
}

static void
test_tail(void **state)
{
	/* clang-format off */
	static const struct {
		const char *line;
		bool seal;        /* with a right seal */
		const char *more; /* behind it, sealed; or NULL */
		bool loads;
		enum rcpt_state first; /* of recipient 0 */
	} rows[] = {
		{ "result 0 delivered dsn=2.0.0",  true,  NULL,     true,  RCPT_DELIVERED },
		{ "result 0 tempfail text=a%20b",  true,  NULL,     true,  RCPT_PENDING },
		{ "result 0 permfail dsn=5.1.1",   true,  NULL,     true,  RCPT_REPORTED },
		{ "next 1700000000000",            true,  NULL,     true,  RCPT_PENDING },
		{ "held 1",                        true,  NULL,     true,  RCPT_PENDING },
		/* cut short or wrong at the end: as if never written */
		{ "result 0 delivered",            false, NULL,     true,  RCPT_PENDING },
		{ "result 0 delivered !00000000\n", false, NULL,    true,  RCPT_PENDING },
		/* wrong in the middle: the others count */
		{ "result 0 delivered !00000000\n", false, "held 1", true, RCPT_PENDING },
		/* right seal, no sense */
		{ "result 7 delivered",            true,  NULL,     false, 0 },
		{ "result 0 eaten",                true,  NULL,     false, 0 },
		{ "result 0 delivered text=%zz",   true,  NULL,     false, 0 },
		{ "sing 5",                        true,  NULL,     false, 0 },
		{ "next soon",                     true,  NULL,     false, 0 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf tail = { .max = 4096 };
		struct err err = { 0 };
		struct message *m;
		struct entry *e;

		buf_adds(
		    &tail, rows[i].seal ? sealed(rows[i].line) : rows[i].line);
		if (rows[i].more != NULL)
			buf_adds(&tail, sealed(rows[i].more));
		e = make(buf_cstr(&tail));
		m = message_load(e, &err);
		assert_int_equal(m != NULL, rows[i].loads);
		if (m != NULL)
			assert_int_equal(m->rcpts[0]->state, rows[i].first);
		else
			assert_int_equal(err.class, ERR_PERM);
		message_free(&m);
		entry_free(&e);
		buf_fini(&tail);
	}
}

/* The tail of E's file, read by its kinds of lines: only whole ones. */
static void
assert_no_flaw(const struct entry *e, size_t head_bytes)
{
	struct buf file = { .max = 65536 };
	struct slice rest, line;
	struct err err;
	enum tail_kind kind;
	int fd = spool_open(e->id, (enum spool_place)e->place, O_RDONLY, &err);

	assert_int_equal(fd_read_file(fd, &file, &err), 0);
	rest = slice_from(buf_slice(&file), head_bytes + sizeof body - 1);
	while ((kind = tail_next(&rest, &line)) != TAIL_END)
		assert_int_equal(kind, TAIL_LINE);
	fd_close(&fd);
	buf_fini(&file);
}

/*
 * What a crash, a full disk under an older version and a bad disk leave.  A
 * line is sealed, or damaged when it ends in "!", or cut short when it ends in
 * "~" and joined with the next.
 */
static void
test_flaws(void **state)
{
	/* clang-format off */
	static const struct {
		const char *lines[8];
		size_t nrcpts;
		const char *states; /* D done, P to be tried */
		uint32_t attempts;
	} rows[] = {
		{ { "result 0 delivered", "result 1 deli~" }, 2, "DP", 0 },
		{ { "result 1 deli~", "result 0 delivered" }, 2, "DP", 0 },
		{ { "result 1 deli~", "result 0 delivered", "next 5" }, 2, "DP", 1 },
		{ { "ne~", "next 5", "ne~", "next 6", "result 1 relayed" }, 2, "PD", 2 },
		{ { "next 5!", "result 0 delivered", "next 6" }, 2, "DP", 1 },
		{ { "result 0 delivered!", "result 1 delivered" }, 2, "PD", 0 },
		{ { "\x01\x01\x01~", "result 1 delivered", "next 5" }, 2, "PD", 1 },
		/* an expansion, whole, then a torn line */
		{ { "rcpt x@y parent=0", "result 0 expanded", "result 2 delivered", "ne~", "next 5" }, 3, "DPD", 1 },
		/* written in part, then again: the numbers are the second's */
		{ { "rcpt x@y parent=0", "rcpt z@~", "rcpt x@y parent=0", "rcpt z@y parent=0", "result 0 expanded" }, 4, "PPPP", 0 },
		{ { "rcpt x@y parent=0", "resu~", "rcpt x@y parent=0", "result 0 expanded", "result 2 delivered", "result 1 delivered" }, 3, "PDP", 0 },
		/* a recipient is lost: it comes again by a new expansion */
		{ { "rcpt x@y parent=0!", "rcpt z@y parent=0", "result 0 expanded", "result 3 delivered" }, 3, "PPP", 0 },
		{ { "rcpt x@y parent=0", "result 0 expanded!", "result 2 delivered", "result 1 permfail" }, 3, "PDP", 0 },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf tail = { .max = 4096 };
		struct err err = { 0 };
		struct entry *e;

		for (const char *const *l = rows[i].lines; *l != NULL; l++) {
			const size_t n = strlen(*l) - 1;
			char text[100];

			slice_copy(slice_of(*l, n), text, sizeof text);
			if ((*l)[n] == '~')
				buf_adds(&tail, text);
			else if ((*l)[n] == '!')
				buf_addf(&tail, "%s !00000001\n", text);
			else
				buf_adds(&tail, sealed(*l));
		}
		e = make(buf_cstr(&tail));
		/* The second time from the repaired file. */
		for (int time = 0; time < 2; time++) {
			struct message *m = message_load(e, &err);

			assert_non_null(m);
			assert_int_equal(m->nrcpts, rows[i].nrcpts);
			for (size_t r = 0; r < m->nrcpts; r++)
				assert_int_equal(rcpt_is_final(m->rcpts[r]),
				    rows[i].states[r] == 'D');
			assert_int_equal(e->attempts, rows[i].attempts);
			assert_no_flaw(e, m->head_bytes);
			message_free(&m);
		}
		entry_free(&e);
		buf_fini(&tail);
	}
}

/* What the code writes it reads back, expansions included. */
static void
test_append_and_reload(void **state)
{
	struct entry *e = make("");
	struct err err = { 0 };
	struct message *m = message_load(e, &err);
	struct buf lines = { .max = 65536 };
	struct rcpt *r = rcpt_add_child(m, m->rcpts[0],
	    SLICE("dave@example.org"), SLICE("|/bin/cmd \"a b\"\n"), 1234);

	(void)state;
	note_rcpt(&lines, r);
	m->rcpts[0]->status = JOB_EXPANDED;
	note_result(&lines, m->rcpts[0]);
	m->rcpts[1]->status = JOB_TEMPFAIL;
	m->rcpts[1]->state = RCPT_DEFERRED;
	m->rcpts[1]->text = SLICE("try\r\nlater = 100%");
	note_result(&lines, m->rcpts[1]);
	note_word(&lines, "next", 1700000300000);
	note_word(&lines, "warned", 5);
	note_held(&lines, 6, SLICE("rule access: x=y % z"));
	assert_int_equal(tail_append(e, &lines, &err), 0);
	message_free(&m);
	m = message_load(e, &err);
	assert_non_null(m);
	assert_int_equal(m->nrcpts, 3);
	assert_int_equal(m->rcpts[0]->state, RCPT_EXPANDED);
	assert_int_equal(m->rcpts[1]->state, RCPT_PENDING);
	assert_true(slice_is(m->rcpts[1]->text, "try\r\nlater = 100%"));
	assert_true(slice_is(m->rcpts[2]->env.target, "|/bin/cmd \"a b\"\n"));
	assert_int_equal(m->rcpts[2]->env.uid, 1234);
	assert_int_equal(m->rcpts[2]->depth, 1);
	assert_int_equal(m->next_ms, 1700000300000);
	assert_int_equal(e->attempts, 1);
	assert_true(m->warned);
	assert_true(m->held);
	assert_true(slice_is(m->held_why, "rule access: x=y % z"));
	/* and again in a file of its own */
	buf_reset(&lines);
	note_all(&lines, m);
	assert_true(slice_find(buf_slice(&lines), '%') < lines.n);
	message_free(&m);
	entry_free(&e);
	buf_fini(&lines);
}

static int64_t
size_of(const struct entry *e)
{
	struct stat st;
	int fd = spool_open(e->id, (enum spool_place)e->place, O_RDONLY, NULL);

	assert_int_equal(fstat(fd, &st), 0);
	fd_close(&fd);
	return st.st_size;
}

static enum rcpt_state
first_state(struct entry *e)
{
	struct message *m = message_load(e, NULL);
	enum rcpt_state s;

	assert_non_null(m);
	s = m->rcpts[0]->state;
	message_free(&m);
	return s;
}

/* A disk that fills in the middle of a line: nothing of it stays, and what is
 * recorded counts, is written with the next, and once. */
static void
test_append_on_full_disk(void **state)
{
	/* clang-format off */
	static const struct { bool for_ever, record; } rows[] = {
		{ false, false }, { false, true },
		{ true, false }, { true, true }, /* nor can it be taken back */
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf done = { .max = 1000 }, next = { .max = 1000 };
		struct entry *e = make("");
		const int64_t before = size_of(e);
		struct err err = { 0 };
		int rc;

		buf_adds(&done, sealed("result 0 delivered dsn=2.0.0"));
		buf_adds(&next, sealed("next 1700000000000"));
		fault_arm(FAULT_SHORT, 1, rows[i].for_ever);
		rc = (rows[i].record ? tail_record : tail_append)(
		    e, &done, &err);
		assert_int_equal(rc, -1);
		assert_int_equal(err.code, ERR_NO_SPACE);
		assert_int_equal(size_of(e) > before, rows[i].for_ever);
		assert_int_equal(first_state(e),
		    rows[i].record ? RCPT_DELIVERED : RCPT_PENDING);
		assert_int_equal(
		    tail_append(e, &next, &err), rows[i].for_ever ? -1 : 0);
		fault_off();
		if (rows[i].for_ever)
			assert_int_equal(tail_append(e, &next, &err), 0);
		assert_int_equal(size_of(e) - before,
		    (rows[i].record ? done.n : 0) + next.n);
		assert_null(e->unwritten);
		assert_int_equal(first_state(e),
		    rows[i].record ? RCPT_DELIVERED : RCPT_PENDING);
		assert_int_equal(e->attempts, 1);
		entry_free(&e);
		buf_fini(&done);
		buf_fini(&next);
	}
}

/* Cut at any length, a file loads or is refused for good; it never crashes,
 * and never shows more recipients than were written. */
static void
test_cut_anywhere(void **state)
{
	struct buf tail = { .max = 4096 };
	struct buf whole = { .max = 65536 };
	struct err err = { 0 };
	struct entry *e;
	int fd;

	(void)state;
	buf_adds(&tail, sealed("result 0 delivered dsn=2.0.0"));
	buf_adds(&tail, sealed("next 1700000000000"));
	e = make(buf_cstr(&tail));
	fd = spool_open(e->id, SPOOL_NEW, O_RDWR, &err);
	assert_int_equal(fd_read_file(fd, &whole, &err), 0);
	for (size_t n = whole.n; n-- > 0;) {
		struct message *m;

		assert_int_equal(ftruncate(fd, (off_t)n), 0);
		m = message_load(e, &err);
		if (n < whole.n - tail.n) {
			assert_null(m);
			assert_int_equal(err.class, ERR_PERM);
		} else {
			assert_non_null(m);
			assert_int_equal(m->nrcpts, 2);
		}
		message_free(&m);
	}
	fd_close(&fd);
	entry_free(&e);
	buf_fini(&tail);
	buf_fini(&whole);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_tail),
		cmocka_unit_test(test_flaws),
		cmocka_unit_test(test_append_and_reload),
		cmocka_unit_test(test_append_on_full_disk),
		cmocka_unit_test(test_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
