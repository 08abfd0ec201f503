/* SPDX-License-Identifier: ISC */
/* What comes from another account's process. */
#include "imapd/relay/answer.h"

#include "tests/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "imapd/relay/fetched.h"

/* ---- answers ---- */

struct heard {
	struct buf text;
	unsigned answers; /* that ended */
	bool last, own_last;
};

/* IN comes in steps of N bytes; what was not taken comes again. */
static enum answer_next
hear(struct heard *h, struct answer_reader *r, struct slice in, size_t n)
{
	size_t from = 0, to = 0;

	while (to < in.n || from < to) {
		struct answer_piece p;
		enum answer_next next = ANSWER_WAITS;

		if (from < to)
			next = answer_next(
			    r, SLICE("t1"), slice_sub(in, from, to - from), &p);
		if (next == ANSWER_BROKEN)
			return next;
		if (next == ANSWER_WAITS && to == in.n)
			return next;
		if (next == ANSWER_WAITS) {
			to = to + n < in.n ? to + n : in.n;
			continue;
		}
		from += p.bytes.n;
		h->answers += p.ends;
		h->last = h->last || (p.kind == ANSWER_LAST && !p.own);
		h->own_last = h->own_last || (p.kind == ANSWER_LAST && p.own);
		if (!p.own)
			buf_add(&h->text, p.bytes);
	}
	return ANSWER_PIECE;
}

static void
test_answers(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in;
		unsigned skip;
		enum answer_next end;
		unsigned answers;
		bool last;
		const char *text; /* NULL: all of it */
	} rows[] = {
		{ "* 1 EXISTS\r\nt1 OK x\r\n", 0, ANSWER_PIECE, 2, true, NULL },
		{ "* 1 FETCH (BODY[] {4}\r\nt1 \n)\r\nt1 NO\r\n",
		  0, ANSWER_PIECE, 2, true, NULL },
		{ "* 1 FETCH (BODY[] {4}\r\n\r\n* )\r\n",
		  0, ANSWER_PIECE, 1, false, NULL },
		{ "* 1 FETCH (BODY[] {0}\r\n)\r\n* 2 EXISTS\r\n",
		  0, ANSWER_PIECE, 2, false, NULL },
		{ "* 1 X {1}\r\na {2}\r\nbb\r\n", 0, ANSWER_PIECE, 1, false, NULL },
		{ "+ idling\r\n", 0, ANSWER_PIECE, 1, false, NULL },
		/* a text that looks like a literal's end is still the end */
		{ "t1 OK {5}\r\n* 1 EXISTS\r\n", 0, ANSWER_PIECE, 2, true, NULL },
		{ "t1x OK\r\n", 0, ANSWER_BROKEN, 0, false, "" },
		{ "t2 OK\r\n", 0, ANSWER_BROKEN, 0, false, "" },
		{ "hello\r\n", 0, ANSWER_BROKEN, 0, false, "" },
		{ "*1 EXISTS\r\n", 0, ANSWER_BROKEN, 0, false, "" },
		{ "* BYE x\r\n", 0, ANSWER_BROKEN, 0, false, "" },
		{ "* bye x\r\n", 0, ANSWER_BROKEN, 0, false, "" },
		{ "* OK\r\n* BYE\r\n", 0, ANSWER_BROKEN, 1, false, "* OK\r\n" },
		{ "* B", 0, ANSWER_WAITS, 0, false, "" },
		{ "t1", 0, ANSWER_WAITS, 0, false, "" },
		{ "t1 OK", 0, ANSWER_WAITS, 0, false, "" },
		/* our own commands' are nobody's */
		{ "* X\r\nrelay OK\r\nt1 OK\r\n", 1, ANSWER_PIECE, 3, true,
		  "t1 OK\r\n" },
		{ "relay OK\r\nrelay BAD\r\n* X\r\n", 2, ANSWER_PIECE, 3, false,
		  "* X\r\n" },
		{ "t1 OK\r\n", 1, ANSWER_BROKEN, 0, false, "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t n = 1; n < 40; n++) {
			const struct slice in = slice_str(rows[i].in);
			struct answer_reader r = { .skip = rows[i].skip };
			struct heard h = { .answers = 0 };

			buf_init(&h.text, 4096);
			assert_int_equal(hear(&h, &r, in, n), rows[i].end);
			assert_int_equal(h.answers, rows[i].answers);
			assert_int_equal(h.last, rows[i].last);
			assert_string_equal(buf_cstr(&h.text),
			    rows[i].text != NULL ? rows[i].text : rows[i].in);
			buf_fini(&h.text);
		}
}

/* ---- messages ---- */

#define DATE "\" 2-Jan-2020 03:04:05 +0000\""

static void
test_fetched(void **state)
{
	/* clang-format off */
	static const struct {
		const char *line;
		const char *put; /* NULL: none; "": not all of one */
	} rows[] = {
		{ "* 3 FETCH (UID 7 FLAGS (\\Seen \\Recent kw) INTERNALDATE " DATE
		  " BODY[] {12}\r\n", " (\\Seen kw) " DATE " {12+}\r\n" },
		{ "* 3 FETCH (UID 7 FLAGS () INTERNALDATE " DATE
		  " MODSEQ (17) BODY[] {1}\r\n", " () " DATE " {1+}\r\n" },
		{ "* 7 UIDFETCH (FLAGS (\\Recent) INTERNALDATE " DATE
		  " BODY[] {1}\r\n", " () " DATE " {1+}\r\n" },
		{ "* 3 FETCH (UID 7)\r\n", "" },
		{ "* 3 FETCH (UID 7 FLAGS (a))\r\n", "" },
		{ "* 3 FETCH (UID 7 FLAGS () BODY[] {1}\r\n", "" },
		{ "* 3 FETCH (UID 7 INTERNALDATE " DATE " BODY[] {1}\r\n", "" },
		{ "* 3 FETCH (FLAGS ())\r\n", NULL },
		{ "* 3 FETCH (UID 0)\r\n", NULL },
		{ "* 0 FETCH (UID 1)\r\n", NULL },
		{ "* 3 FETCH (UID 4294967296)\r\n", NULL },
		{ "* 3 EXISTS\r\n", NULL },
		{ "* 3 FETCH (UID 7 X 1)\r\n", NULL },
		{ "* 3 FETCH (UID 7) x\r\n", NULL },
		{ "* 3 FETCH (UID 7 FLAGS ({1}\r\n", NULL },
		{ "* 3 FETCH (UID 7 FLAGS (a\rb))\r\n", NULL },
		{ "* 3 FETCH (UID 7 FLAGS (\"a\"))\r\n", NULL },
		{ "* 3 FETCH (UID 7 INTERNALDATE \"x\" BODY[] {1}\r\n", NULL },
		{ "* 3 FETCH (UID 7 INTERNALDATE \" 2-Jan-2020 03:04:05 "
		  "+0000\\\"\" BODY[] {1}\r\n", NULL },
		{ "* 3 FETCH (UID 7 BODY[] x{1}\r\n", NULL },
		{ "* 3 FETCH (UID 7 BODY[] \"\")\r\n", NULL },
		{ "* 3 FETCH (UID 7 BODY[] {1}", "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fetched l;
		struct arena a;
		struct buf out;

		arena_init(&a);
		buf_init(&out, 4096);
		if (fetched_read(slice_str(rows[i].line), &a, &l) &&
		    fetched_is_whole(&l))
			fetched_put(&out, &l);
		else if (rows[i].put == NULL)
			assert_false(
			    fetched_read(slice_str(rows[i].line), &a, &l));
		else
			assert_true(
			    fetched_read(slice_str(rows[i].line), &a, &l));
		assert_string_equal(
		    buf_cstr(&out), rows[i].put != NULL ? rows[i].put : "");
		buf_fini(&out);
		arena_fini(&a);
	}
}

/* Does the answer IN have just the literal that APPEND is told of?  OUT: what
 * comes behind that telling. */
static bool
copies(struct slice in, struct buf *out)
{
	struct answer_reader r = { .skip = 0 };
	struct answer_piece p = { .ends = false };
	struct fetched l;
	struct arena a;
	bool ok = true, begun = false;

	arena_init(&a);
	for (; ok && in.n > 0 && !p.ends; in = slice_from(in, p.bytes.n)) {
		if (answer_next(&r, SLICE("t1"), in, &p) != ANSWER_PIECE)
			fail();
		if (!begun)
			ok = begun = fetched_read(p.bytes, &a, &l);
		else if (p.kind == ANSWER_LITERAL)
			ok = fetched_take(&l.size, p.bytes.n);
		if (ok && p.kind == ANSWER_LITERAL)
			buf_add(out, p.bytes);
	}
	arena_fini(&a);
	return ok && begun && l.size == 0;
}

static void
test_one_literal(void **state)
{
#define BEGIN "* 3 FETCH (UID 7 FLAGS () INTERNALDATE " DATE " BODY[] "
	/* clang-format off */
	static const struct {
		const char *in;
		bool ok;
		const char *out;
	} rows[] = {
		{ BEGIN "{3}\r\nabc)\r\n", true, "abc" },
		{ BEGIN "{0}\r\n)\r\n", true, "" },
		/* more of them would be commands */
		{ BEGIN "{3}\r\nabc X {10}\r\n\r\na LOGOUT)\r\n", false, "abc" },
		{ BEGIN "{0}\r\n X {10}\r\n\r\na LOGOUT)\r\n", false, "" },
		/* who tells its length in more digits than are looked at */
		{ BEGIN "{00000000000000000000000000000000003}\r\nabc)\r\n",
		  false, "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		buf_init(&out, 4096);
		assert_int_equal(
		    copies(slice_str(rows[i].in), &out), rows[i].ok);
		assert_string_equal(buf_cstr(&out), rows[i].out);
		buf_fini(&out);
	}
}

static void
test_uids(void **state)
{
	/* clang-format off */
	static const struct {
		const char *status;
		size_t n;
		uint32_t uids[4];
		bool ok;
	} rows[] = {
		{ "OK [APPENDUID 9 1:3,7] x\r\n", 4, { 1, 2, 3, 7 }, true },
		{ "OK [APPENDUID 9 5] x\r\n", 1, { 5 }, true },
		{ "OK [APPENDUID 9 5] x\r\n", 2, { 0 }, false },
		{ "OK [APPENDUID 9 5:6] x\r\n", 1, { 0 }, false },
		{ "OK [APPENDUID 9 1:4294967295] x\r\n", 4, { 0 }, false },
		{ "OK [APPENDUID 9 6:5] x\r\n", 2, { 0 }, false },
		{ "OK [APPENDUID 9 5,5] x\r\n", 2, { 0 }, false },
		{ "OK [APPENDUID 9 6,5] x\r\n", 2, { 0 }, false },
		{ "OK [APPENDUID 9 0] x\r\n", 1, { 0 }, false },
		{ "OK [APPENDUID 9 *] x\r\n", 1, { 0 }, false },
		{ "OK [APPENDUID 9 ] x\r\n", 1, { 0 }, false },
		{ "OK [COPYUID 9 5] x\r\n", 1, { 0 }, false },
		{ "NO [APPENDUID 9 5] x\r\n", 1, { 0 }, false },
		{ "OK done\r\n", 1, { 0 }, false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint32_t uidvalidity, uids[4] = { 0 };
		const bool ok = fetched_read_uids(slice_str(rows[i].status),
		    "APPENDUID", &uidvalidity, uids, rows[i].n);

		assert_int_equal(ok, rows[i].ok);
		if (!ok)
			continue;
		assert_int_equal(uidvalidity, 9);
		for (size_t k = 0; k < rows[i].n; k++)
			assert_int_equal(uids[k], rows[i].uids[k]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_fetched),
		cmocka_unit_test(test_one_literal),
		cmocka_unit_test(test_uids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
