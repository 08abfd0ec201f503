/* SPDX-License-Identifier: ISC */
#include "smtpd/rewrite/fields.h"

#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/* Hosts of a.test become a.test; bob is to be alice in From. */
struct rewriter {
	struct smtpd_fields fields;
	struct buf now;
};

static struct slice
becomes(struct smtpd_fields *f, const struct smtpd_mailbox *m)
{
	struct rewriter *r = OUTER(f, struct rewriter, fields);
	const struct slice end = SLICE(".a.test");

	buf_reset(&r->now);
	if (m->from && slice_is(m->address, "bob@a.test")) {
		f->tell_from = true;
		buf_adds(&r->now, "alice@a.test");
	} else if (slice_is(m->address, "long@h.a.test")) {
		for (size_t i = 0; i < 60; i++)
			buf_addc(&r->now, 'l');
		buf_adds(&r->now, "@a.test");
	} else if (slice_ends(m->address, end)) {
		buf_add(&r->now,
		    slice_sub(m->address, 0, slice_rfind(m->address, '@') + 1));
		buf_adds(&r->now, "a.test");
	}
	return buf_slice(&r->now);
}

static bool
walk(struct rewriter *r, struct slice header, struct buf *out)
{
	*r = (struct rewriter){ .fields.becomes = becomes, .fields.out = out };
	buf_init(&r->now, 400);
	return smtpd_fields_walk(&r->fields, header);
}

static void
assert_walk(const char *in, const char *want, unsigned changed)
{
	struct rewriter r;
	struct buf out, again;

	buf_init(&out, SMTPD_HEADER_MADE_MAX);
	buf_init(&again, SMTPD_HEADER_MADE_MAX);
	assert_true(walk(&r, slice_str(in), &out));
	assert_string_equal(buf_cstr(&out), want);
	assert_int_equal(r.fields.changed, changed);
	buf_fini(&r.now);
	assert_true(walk(&r, buf_slice(&out), &again));
	assert_string_equal(buf_cstr(&again), want);
	assert_int_equal(r.fields.changed, 0);
	buf_fini(&r.now);
	buf_fini(&out);
	buf_fini(&again);
}

/* clang-format off */
static const struct { const char *in, *want; unsigned changed; } rows[] = {
	{ "From: x@h.a.test\r\n\r\n", "From: x@a.test\r\n\r\n", 1 },
	{ "FROM :x@h.a.test\r\n\r\n", "FROM :x@a.test\r\n\r\n", 1 },
	{ "To: \"h.a.test\" <x@h.a.test> (x@h.a.test), y@b.test\r\n\r\n",
	  "To: \"h.a.test\" <x@a.test> (x@h.a.test), y@b.test\r\n\r\n", 1 },
	{ "Cc: =?utf-8?q?x=40h.a.test?= <x@h.a.test>,\r\n\t\"\xc3\xbc, x@h.a.test\" <y@i.h.a.test>\r\n\r\n",
	  "Cc: =?utf-8?q?x=40h.a.test?= <x@a.test>,\r\n\t\"\xc3\xbc, x@h.a.test\" <y@a.test>\r\n\r\n", 2 },
	{ "To: friends: x@h.a.test, <y@h.a.test>;, none:;\r\n\r\n",
	  "To: friends: x@a.test, <y@a.test>;, none:;\r\n\r\n", 2 },
	{ "To: \"a b\"@h.a.test, \"q\\\"\"@h.a.test, \"plain\"@h.a.test\r\n\r\n",
	  "To: \"a b\"@a.test, \"q\\\"\"@a.test, plain@a.test\r\n\r\n", 3 },
	{ "To: x(one)@(two \\) (in))h.a.test(three)\r\n\r\n",
	  "To: x@a.test (one) (two \\) (in))(three)\r\n\r\n", 1 },
	{ "To: x\r\n @ h . a\r\n .test\r\n\r\n", "To: x@a.test\r\n\r\n", 1 },
	{ "To: <@h.a.test,@b.test:x@h.a.test>\r\n\r\n",
	  "To: <@h.a.test,@b.test:x@a.test>\r\n\r\n", 1 },
	{ "To: x.y.z@h.a.test, \xc3\xbc@h.a.test\r\n\r\n",
	  "To: x.y.z@a.test, \xc3\xbc@a.test\r\n\r\n", 2 },
	{ "Reply-To: x@h.a.test\r\nSender: x@h.a.test\r\nBcc: x@h.a.test\r\n"
	  "Resent-From: x@h.a.test\r\nErrors-To: x@h.a.test\r\n\r\n",
	  "Reply-To: x@a.test\r\nSender: x@a.test\r\nBcc: x@a.test\r\n"
	  "Resent-From: x@a.test\r\nErrors-To: x@a.test\r\n\r\n", 5 },
	/* no fields of addresses, no fields */
	{ "Subject: x@h.a.test\r\nX-To: x@h.a.test\r\nMessage-ID: <x@h.a.test>\r\n\r\n",
	  "Subject: x@h.a.test\r\nX-To: x@h.a.test\r\nMessage-ID: <x@h.a.test>\r\n\r\n", 0 },
	{ "From x@h.a.test Mon\r\nno field x@h.a.test\r\nTo: x@h.a.test\r\n\r\n",
	  "From x@h.a.test Mon\r\nno field x@h.a.test\r\nTo: x@a.test\r\n\r\n", 1 },
	{ "To: x@h.a.test", "To: x@a.test", 1 },
	{ "\r\n", "\r\n", 0 },
	{ "", "", 0 },
	/* what is no address, or more than one */
	{ "To: x y@h.a.test\r\n\r\n", "To: x y@h.a.test\r\n\r\n", 0 },
	{ "To: x@h.a.test y\r\n\r\n", "To: x@h.a.test y\r\n\r\n", 0 },
	{ "To: x@h.a.test@b.test\r\n\r\n", "To: x@h.a.test@b.test\r\n\r\n", 0 },
	{ "To: <x@h.a.test\r\n\r\n", "To: <x@h.a.test\r\n\r\n", 0 },
	{ "To: <x@h.a.test@b.test>\r\n\r\n", "To: <x@h.a.test@b.test>\r\n\r\n", 0 },
	{ "To: x..y@h.a.test\r\n\r\n", "To: \"x..y\"@a.test\r\n\r\n", 1 },
	{ "To: x\\@h.a.test\r\n\r\n", "To: x\\@h.a.test\r\n\r\n", 0 },
	{ "To: x@\"h.a.test\"\r\n\r\n", "To: x@\"h.a.test\"\r\n\r\n", 0 },
	{ "To: \"x\".\"y\"@h.a.test, \"x.\"y@h.a.test\r\n\r\n",
	  "To: x.y@a.test, \"x.\"y@h.a.test\r\n\r\n", 1 },
	{ "To: x@h.a.test <y@h.a.test>\r\n\r\n", "To: x@h.a.test <y@a.test>\r\n\r\n", 1 },
	{ "To: \"x@h.a.test\r\n\r\n", "To: \"x@h.a.test\r\n\r\n", 0 },
	{ "To: (x@h.a.test\r\n\r\n", "To: (x@h.a.test\r\n\r\n", 0 },
	{ "To: x@[192.0.2.1], x@h.a.test.\r\n\r\n", "To: x@[192.0.2.1], x@h.a.test.\r\n\r\n", 0 },
	/* another's From */
	{ "From: Bob <bob@a.test>\r\nTo: bob@a.test\r\n\r\n",
	  "From: Bob <alice@a.test>\r\nX-Original-From: Bob <bob@a.test>\r\nTo: bob@a.test\r\n\r\n", 1 },
	{ "From:bob@a.test,\r\n x@h.a.test\r\n\r\n",
	  "From:alice@a.test,\r\n x@a.test\r\nX-Original-From: bob@a.test,\r\n x@h.a.test\r\n\r\n", 2 },
};
/* clang-format on */

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_walk(rows[i].in, rows[i].want, rows[i].changed);
}

static void
test_odd_from(void **state)
{
	static const struct {
		const char *in;
		bool odd;
	} froms[] = {
		{ "From: x@h.a.test\r\n\r\n", false },
		{ "From: x y@h.a.test\r\n\r\n", true },
		{ "From: x\r\n\r\n", true },
		{ "To: x\r\n\r\n", false },
		{ "From: f: x@a.test;\r\n\r\n", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(froms); i++) {
		struct rewriter r;

		assert_true(walk(&r, slice_str(froms[i].in), NULL));
		assert_int_equal(r.fields.odd_from, froms[i].odd);
		buf_fini(&r.now);
	}
}

/* Lines do not get longer than they may be, and the cost of one that is long
 * already is not its square. */
static void
test_long_lines(void **state)
{
	struct rewriter r;
	struct buf in, out;
	size_t longest = 0, from = 0;

	(void)state;
	buf_init(&in, SMTPD_HEADER_MAX);
	buf_init(&out, SMTPD_HEADER_MADE_MAX);
	buf_adds(&in, "To: ");
	for (size_t i = 0; i < 60; i++)
		buf_adds(&in, "long@h.a.test,");
	buf_adds(&in, "x@b.test\r\n\r\n");
	assert_true(walk(&r, buf_slice(&in), &out));
	assert_int_equal(r.fields.changed, 60);
	for (size_t i = 0; i < out.n; i++)
		if (out.p[i] == '\n') {
			longest = i - from > longest ? i - from : longest;
			from = i + 1;
		}
	assert_in_range(longest, 500, 999);
	buf_fini(&r.now);

	buf_reset(&in);
	buf_reset(&out);
	buf_adds(&in, "To: ");
	while (in.n < SMTPD_HEADER_MAX - 30)
		buf_adds(&in, "long@h.a.test,                     ");
	buf_adds(&in, "\r\n\r\n");
	assert_true(walk(&r, buf_slice(&in), &out));
	assert_false(out.failed);
	buf_fini(&r.now);
	buf_fini(&in);
	buf_fini(&out);
}

static void
test_too_many(void **state)
{
	struct rewriter r;
	struct buf in;

	(void)state;
	buf_init(&in, SMTPD_HEADER_MAX);
	for (size_t k = 0; k < 2; k++) {
		buf_reset(&in);
		buf_adds(&in, "To: ");
		for (size_t i = 0; i < SMTPD_MAILBOXES_MAX / 2; i++)
			buf_adds(&in, "a@b.c,");
		buf_adds(&in, "\r\nCc: ");
		for (size_t i = 0; i < SMTPD_MAILBOXES_MAX / 2 + k; i++)
			buf_adds(&in, "a@b.c,");
		buf_adds(&in, "\r\n\r\n");
		assert_int_equal(walk(&r, buf_slice(&in), NULL), k == 0);
		buf_fini(&r.now);
	}
	buf_fini(&in);
}

/* ---- the law: of headers at random ---- */

/* A piece of a header, and how it is to come out. */
static const char *const pieces[][2] = {
	{ "x@h.a.test", "x@a.test" },
	{ "\"q\\\"r\"@h.a.test", "\"q\\\"r\"@a.test" },
	{ "Some Body <y@i.a.test>", "Some Body <y@a.test>" },
	{ "\"B, x@h.a.test\" <z@b.test>", "\"B, x@h.a.test\" <z@b.test>" },
	{ "(c x@h.a.test) z@b.test", "(c x@h.a.test) z@b.test" },
	{ "=?utf-8?q?=C3=BC?=\r\n <x@h.a.test>",
	    "=?utf-8?q?=C3=BC?=\r\n <x@a.test>" },
	{ "\xc3\xbc@h.a.test", "\xc3\xbc@a.test" },
	{ "odd one@h.a.test", "odd one@h.a.test" },
	{ "grp:x@h.a.test,z@b.test;", "grp:x@a.test,z@b.test;" },
	{ "", "" },
};
static const char *const fields[] = { "To", "Cc", "From", "sender", "Subject",
	"X-From", "Message-ID" };
static const char *const between[] = { ",", ", ", ",\r\n ", " ,\r\n\t" };

static void
test_law(void **state)
{
	const char *said = getenv("PABAL_SEED");
	const unsigned seed =
	    said != NULL ? (unsigned)strtoul(said, NULL, 10) : 20261201;

	(void)state;
	printf("seed %u\n", seed);
	srandom(seed);
	for (size_t k = 0; k < 3000; k++) {
		struct buf in = { .max = 1 << 16 }, want = { .max = 1 << 16 };

		for (long i = random() % 5; i >= 0; i--) {
			const size_t f = (size_t)random() % ARRAY_LEN(fields);

			buf_addf(&in, "%s: ", fields[f]);
			buf_addf(&want, "%s: ", fields[f]);
			for (long j = random() % 6; j >= 0; j--) {
				const char *const *p =
				    pieces[(size_t)random() %
					   ARRAY_LEN(pieces)];
				const char *sep = between[(size_t)random() %
							  ARRAY_LEN(between)];

				buf_addf(&in, "%s%s", p[0], j > 0 ? sep : "");
				buf_addf(&want, "%s%s", p[f < 4 ? 1 : 0],
				    j > 0 ? sep : "");
			}
			buf_adds(&in, "\r\n");
			buf_adds(&want, "\r\n");
		}
		buf_adds(&in, "\r\n");
		buf_adds(&want, "\r\n");
		{
			struct rewriter r;
			struct buf out = { .max = 1 << 16 };

			assert_true(walk(&r, buf_slice(&in), &out));
			assert_string_equal(buf_cstr(&out), buf_cstr(&want));
			buf_fini(&r.now);
			assert_walk(buf_cstr(&want), buf_cstr(&want), 0);
			buf_fini(&out);
		}
		buf_fini(&in);
		buf_fini(&want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_odd_from),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_law),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
