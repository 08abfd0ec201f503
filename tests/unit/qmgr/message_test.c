/* SPDX-License-Identifier: ISC */
#include "qmgr/message.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "sys/fd.h"

static char dir[] = "/tmp/pabal-qmgr-XXXXXX";
static const char body[] = "Subject: x\r\n\r\nhello\r\n";

static int
setup(void **state)
{
	struct err err;
	int fd;

	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	ev_init();
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	entry_init();
	return spool_init(fd, &err);
}

static int
teardown(void **state)
{
	char *cmd = xasprintf("rm -rf %s", dir);
	const int rc = system(cmd);

	(void)state;
	free(cmd);
	return rc;
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
		{ "result 0 delivered dsn=2.0.0",  true,  NULL,     true,  RCPT_DONE },
		{ "result 0 tempfail text=a%20b",  true,  NULL,     true,  RCPT_PENDING },
		{ "result 0 permfail dsn=5.1.1",   true,  NULL,     true,  RCPT_DONE },
		{ "next 1700000000000",            true,  NULL,     true,  RCPT_PENDING },
		{ "held 1",                        true,  NULL,     true,  RCPT_PENDING },
		/* cut short or wrong at the end: as if never written */
		{ "result 0 delivered",            false, NULL,     true,  RCPT_PENDING },
		{ "result 0 delivered !00000000\n", false, NULL,    true,  RCPT_PENDING },
		/* wrong in the middle: damage */
		{ "result 0 delivered !00000000\n", false, "held 1", false, 0 },
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

/* What the code writes it reads back, expansions included. */
static void
test_append_and_reload(void **state)
{
	struct entry *e = make("");
	struct err err = { 0 };
	struct message *m = message_load(e, &err);
	struct buf lines = { .max = 65536 };
	struct rcpt *r =
	    message_add_rcpt(m, m->rcpts[0], SLICE("dave@example.org"));

	(void)state;
	r->env.target = SLICE("|/bin/cmd \"a b\"\n");
	r->env.uid = 1234;
	message_note_rcpt(&lines, r);
	m->rcpts[0]->status = JOB_EXPANDED;
	message_note_result(&lines, m->rcpts[0]);
	m->rcpts[1]->status = JOB_TEMPFAIL;
	m->rcpts[1]->state = RCPT_DEFERRED;
	m->rcpts[1]->text = SLICE("try\r\nlater = 100%");
	message_note_result(&lines, m->rcpts[1]);
	message_note(&lines, "next", 1700000300000);
	message_note(&lines, "warned", 5);
	assert_int_equal(message_append(e, &lines, &err), 0);
	message_free(&m);
	m = message_load(e, &err);
	assert_non_null(m);
	assert_int_equal(m->nrcpts, 3);
	assert_int_equal(m->rcpts[0]->state, RCPT_DONE);
	assert_int_equal(m->rcpts[1]->state, RCPT_PENDING);
	assert_true(slice_is(m->rcpts[1]->text, "try\r\nlater = 100%"));
	assert_true(slice_is(m->rcpts[2]->env.target, "|/bin/cmd \"a b\"\n"));
	assert_int_equal(m->rcpts[2]->env.uid, 1234);
	assert_int_equal(m->rcpts[2]->depth, 1);
	assert_int_equal(m->next_ms, 1700000300000);
	assert_int_equal(e->attempts, 1);
	assert_true(m->warned);
	message_free(&m);
	entry_free(&e);
	buf_fini(&lines);
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
		cmocka_unit_test(test_append_and_reload),
		cmocka_unit_test(test_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
