/* SPDX-License-Identifier: ISC */
#include "queue/envelope.h"

#include "tests/unit.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/crc32c.h"
#include "base/mem.h"
#include "queue/envelope_text.h"

#define SMTPD ENVELOPE_FROM_SMTPD
#define QMGR  ENVELOPE_FROM_QMGR

static struct arena arena;

static int
setup(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static void
test_escape(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in;
		size_t n;
		const char *out;
	} rows[] = {
		{ "",              0, "" },
		{ "a@b.example",  11, "a@b.example" },
		{ "a b",           3, "a%20b" },
		{ "\n\r\t",        3, "%0A%0D%09" },
		{ "100%=x",        6, "100%25%3Dx" },
		{ "\0\x7f",        2, "%00%7F" },
		{ "\xea\xb0\x80",  3, "\xea\xb0\x80" },
	};
	/* clang-format on */
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice back;

		buf_reset(&b);
		envelope_escape(&b, slice_of(rows[i].in, rows[i].n));
		assert_true(slice_is(buf_slice(&b), rows[i].out));
		assert_true(envelope_unescape(&arena, buf_slice(&b), &back));
		assert_true(slice_eq(back, slice_of(rows[i].in, rows[i].n)));
	}
	buf_fini(&b);
}

static void
test_broken_escapes(void **state)
{
	static const char *const rows[] = { "%", "a%", "%4", "%4g", "%g4",
		"%4a", "a%2", "%%41" };
	struct slice out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_false(
		    envelope_unescape(&arena, slice_str(rows[i]), &out));
}

static struct envelope_rcpt rcpts[] = {
	{ .address = SLICE("bob@pabal.test"),
	    .orcpt = SLICE("rfc822;bob@pabal.test"),
	    .notify = SLICE("SUCCESS,FAILURE") },
	{ .address = SLICE("\"odd name\"@pabal.test") },
	{ .address = SLICE("list@pabal.test"),
	    .parent = SLICE("0"),
	    .target = SLICE("|/bin/sh -c 'x=1; cat >$x'"),
	    .uid = 4294967295U },
};

static const struct envelope full = {
	.id = SLICE("01JD6K3M9QZ7"),
	.arrived_us = 1763670000123456,
	.size = 4096,
	.crc32c = 0x89abcdef,
	.sender = SLICE("alice@pabal.test"),
	.client = SLICE("2001:db8::1"),
	.client_name = SLICE("mail.example"),
	.helo = SLICE("a name\nwith a newline"),
	.login = SLICE("alice@pabal.test"),
	.protocol = SLICE("ESMTPSA"),
	.body = SLICE("8BITMIME"),
	.ret = SLICE("HDRS"),
	.envid = SLICE("QQ314159"),
	.trace = SLICE("t1"),
	.priority = SLICE("3"),
	.auth = SLICE("<>"),
	.mt_priority = -4,
	.smtputf8 = true,
	.requiretls = true,
	.front = SLICE("A: b=c\r\n\td\r\n"),
	.junk = true,
	.rcpts = rcpts,
	.nrcpts = ARRAY_LEN(rcpts),
};

static void
assert_same_rcpts(const struct envelope *a, const struct envelope *b)
{
	assert_int_equal(a->nrcpts, b->nrcpts);
	for (size_t i = 0; i < a->nrcpts; i++) {
		const struct envelope_rcpt *x = &a->rcpts[i];
		const struct envelope_rcpt *y = &b->rcpts[i];

		assert_true(slice_eq(x->address, y->address));
		assert_true(slice_eq(x->orcpt, y->orcpt));
		assert_true(slice_eq(x->notify, y->notify));
		assert_true(slice_eq(x->parent, y->parent));
		assert_true(slice_eq(x->target, y->target));
		assert_int_equal(x->uid, y->uid);
	}
}

static void
assert_same(const struct envelope *a, const struct envelope *b)
{
	assert_true(slice_eq(a->id, b->id));
	assert_int_equal(a->arrived_us, b->arrived_us);
	assert_int_equal(a->size, b->size);
	assert_int_equal(a->crc32c, b->crc32c);
	assert_true(slice_eq(a->sender, b->sender));
	assert_true(slice_eq(a->client, b->client));
	assert_true(slice_eq(a->client_name, b->client_name));
	assert_true(slice_eq(a->helo, b->helo));
	assert_true(slice_eq(a->login, b->login));
	assert_true(slice_eq(a->protocol, b->protocol));
	assert_true(slice_eq(a->body, b->body));
	assert_true(slice_eq(a->ret, b->ret));
	assert_true(slice_eq(a->envid, b->envid));
	assert_true(slice_eq(a->trace, b->trace));
	assert_true(slice_eq(a->priority, b->priority));
	assert_true(slice_eq(a->auth, b->auth));
	assert_int_equal(a->mt_priority, b->mt_priority);
	assert_int_equal(a->smtputf8, b->smtputf8);
	assert_int_equal(a->requiretls, b->requiretls);
	assert_int_equal(a->junk, b->junk);
	assert_true(slice_eq(a->front, b->front));
	assert_same_rcpts(a, b);
}

static void
test_there_and_back(void **state)
{
	const struct envelope least = { .sender = SLICE("") };
	const struct envelope *rows[] = { &full, &least };
	struct buf b;

	(void)state;
	buf_init(&b, 10000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct envelope back;
		struct err err;
		size_t n, len;

		buf_reset(&b);
		envelope_format(rows[i], &b);
		n = b.n;
		/* The message follows. */
		buf_adds(&b, "Subject: x\nend 00000000\nrcpt nobody\n");
		assert_int_equal(envelope_parse(buf_slice(&b), QMGR, &arena,
				     &back, &len, &err),
		    0);
		assert_int_equal(len, n);
		assert_same(rows[i], &back);
	}
	buf_fini(&b);
}

/* Whatever bit flips and wherever it ends early: noticed. */
static void
test_damage(void **state)
{
	struct buf b;
	struct envelope back;
	struct err err = { 0 };
	size_t len;

	(void)state;
	buf_init(&b, 10000);
	envelope_format(&full, &b);
	for (size_t i = 0; i < b.n; i++) {
		for (int bit = 0; bit < 8; bit++) {
			b.p[i] = (char)(b.p[i] ^ 1 << bit);
			/* "END" and the hex digits of its sum are the same
			 * in both cases of letters. */
			if (envelope_parse(buf_slice(&b), QMGR, &arena, &back,
				&len, &err) == 0 &&
			    i < b.n - 9)
				fail_msg("bit %d of byte %zu", bit, i);
			b.p[i] = (char)(b.p[i] ^ 1 << bit);
		}
		assert_int_equal(envelope_parse(slice_sub(buf_slice(&b), 0, i),
				     QMGR, &arena, &back, &len, &err),
		    -1);
		assert_int_equal(err.class, ERR_PERM);
		arena_reset(&arena);
	}
	buf_fini(&b);
}

/* Blocks with a right checksum and a wrong content. */
static void
test_refused(void **state)
{
	/* clang-format off */
	static const struct {
		const char *lines;
		enum envelope_from from;
		bool ok;
	} rows[] = {
		{ "sender a@b\nrcpt c@d\n",            SMTPD, true },
		{ "sender a@b\nrcpt c@d\n",            QMGR,  true },
		{ "",                                  SMTPD, true },
		/* qmgr's own lines, from smtpd */
		{ "id abc\nsender a@b\n",              SMTPD, false },
		{ "id abc\nsender a@b\n",              QMGR,  true },
		{ "size 00000000000000000001\n",       SMTPD, false },
		{ "arrived 1\n",                       SMTPD, false },
		{ "crc32c 00000000\n",                 SMTPD, false },
		{ "id \n",                             QMGR,  false },
		{ "id 123456789012345678901234\n",     QMGR,  false },
		{ "id 12345678901234567890123\n",      QMGR,  true },
		{ "id ../../etc/x\n",                  QMGR,  false },
		{ "id a b\n",                          QMGR,  false },
		{ "crc32c 0000000\n",                  QMGR,  false },
		{ "crc32c 0000000g\n",                 QMGR,  false },
		{ "size -1\n",                         QMGR,  false },
		{ "size 9223372036854775808\n",        QMGR,  false },
		{ "size 9223372036854775807\n",        QMGR,  true },
		{ "size 1 \n",                         QMGR,  false },
		/* fields of a later version */
		{ "sender a@b\nfuture x\n",            SMTPD, false },
		{ "Sender a@b\n",                      SMTPD, false },
		{ "\n",                                SMTPD, false },
		{ "smtputf8\n",                        SMTPD, true },
		{ "smtputf8 no\n",                     SMTPD, false },
		/* recipients */
		{ "rcpt\n",                            SMTPD, false },
		{ "rcpt \n",                           SMTPD, false },
		{ "rcpt  a@b\n",                       SMTPD, false },
		{ "rcpt a@b future=1\n",               SMTPD, false },
		{ "rcpt a@b orcpt\n",                  SMTPD, true },
		{ "rcpt a@b orcpt=%\n",                SMTPD, false },
		{ "rcpt a%4\n",                        SMTPD, false },
		{ "rcpt a@b uid=4294967295\n",         QMGR,  true },
		{ "rcpt a@b uid=4294967296\n",         QMGR,  false },
		{ "rcpt a@b uid=\n",                   QMGR,  false },
		{ "rcpt a@b uid=-1\n",                 QMGR,  false },
		{ "sender a%00b\n",                    SMTPD, true },
		{ "sender a%\n",                       SMTPD, false },
	};
	/* clang-format on */
	struct buf b;

	(void)state;
	buf_init(&b, 10000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct envelope env;
		struct err err;
		size_t len;
		int rc;

		buf_reset(&b);
		buf_addf(&b, "pabal-queue 1\n%s", rows[i].lines);
		buf_addf(&b, "end %08x\n", crc32c(0, buf_slice(&b)));
		rc = envelope_parse(
		    buf_slice(&b), rows[i].from, &arena, &env, &len, &err);
		if ((rc == 0) != rows[i].ok)
			fail_msg("row %zu: %s", i, rows[i].lines);
		if (rc == -1)
			assert_int_equal(err.class, ERR_PERM);
	}
	buf_fini(&b);
}

/* What qmgr alone decides is no word of smtpd's, not even an empty one. */
static void
test_forged(void **state)
{
	/* clang-format off */
	static const struct {
		const char *line;
		bool own;
	} rows[] = {
		{ "id abc",                         true },
		{ "id",                             true },
		{ "front A:%20b%0D%0A",             true },
		{ "junk",                           true },
		{ "arrived 1",                      true },
		{ "size 1",                         true },
		{ "crc32c 00000000",                true },
		{ "rcpt c@d target=|id",            true },
		{ "rcpt c@d target=:include:/x",    true },
		{ "rcpt c@d target=\\",             true },
		{ "rcpt c@d target=",               true },
		{ "rcpt c@d uid=1000",              true },
		{ "rcpt c@d uid=0",                 true },
		{ "rcpt c@d parent=0",              true },
		{ "rcpt c@d orcpt=x target=|id",    true },
		{ "rcpt c@d notify=NEVER orcpt=x",  false },
		{ "client 192.0.2.1",               false },
		{ "client_name c",                  false },
		{ "helo h",                         false },
		{ "login l",                        false },
		{ "protocol ESMTP",                 false },
		{ "body 8BITMIME",                  false },
		{ "ret FULL",                       false },
		{ "envid e",                        false },
		{ "trace t",                        false },
		{ "priority 1",                     false },
		{ "auth a@b",                       false },
		{ "mt_priority 9",                  false },
		{ "smtputf8",                       false },
		{ "requiretls",                     false },
	};
	/* clang-format on */
	struct buf b;

	(void)state;
	buf_init(&b, 10000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct envelope env;
		struct err err = { 0 };
		size_t len;
		int rc;

		buf_reset(&b);
		buf_addf(&b, "pabal-queue 1\nsender a@b\n%s\n", rows[i].line);
		buf_addf(&b, "end %08x\n", crc32c(0, buf_slice(&b)));
		rc = envelope_parse(
		    buf_slice(&b), SMTPD, &arena, &env, &len, &err);
		if ((rc == -1) != rows[i].own)
			fail_msg("%s", rows[i].line);
		if (rc == -1)
			assert_int_equal(err.code, ERR_FORGED);
	}
	buf_fini(&b);
}

static void
test_other_version(void **state)
{
	static const char *const rows[] = { "", "pabal-queue 1",
		"pabal-queue 2\nend 00000000\n", "pabal-queue 10\n",
		"From: somebody\n" };
	struct envelope env;
	struct err err;
	size_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(envelope_parse(slice_str(rows[i]), QMGR,
				     &arena, &env, &len, &err),
		    -1);
}

static void
test_many_rcpts(void **state)
{
	static struct envelope_rcpt many[ENVELOPE_MAX_RCPTS + 1];
	struct envelope env = { .sender = SLICE("a@b"), .rcpts = many };
	struct envelope back;
	struct err err;
	struct buf b;
	size_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i].address = SLICE("somebody@pabal.test");
	buf_init(&b, ENVELOPE_MAX_BYTES);
	env.nrcpts = ENVELOPE_MAX_RCPTS;
	envelope_format(&env, &b);
	assert_int_equal(
	    envelope_parse(buf_slice(&b), SMTPD, &arena, &back, &len, &err), 0);
	assert_int_equal(back.nrcpts, ENVELOPE_MAX_RCPTS);
	buf_reset(&b);
	env.nrcpts++;
	envelope_format(&env, &b);
	assert_int_equal(
	    envelope_parse(buf_slice(&b), SMTPD, &arena, &back, &len, &err),
	    -1);
	buf_fini(&b);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
		T(test_escape),
		T(test_broken_escapes),
		T(test_there_and_back),
		T(test_damage),
		T(test_refused),
		T(test_forged),
		T(test_other_version),
		T(test_many_rcpts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
