/* SPDX-License-Identifier: ISC */
#include "ctl/mail/letter.h"

#include "tests/unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/fd.h"

/* Everything that is sent for the message IN. */
static void
read_letter(struct slice in, bool dots, struct letter *l, struct buf *body)
{
	struct err err;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fd_write_all(ends[1], in, &err), 0);
	fd_close(&ends[1]);
	assert_int_equal(letter_open(l, ends[0], dots, &err), 0);
	while (letter_body(l, body, &err))
		continue;
	assert_int_equal(err.class, ERR_NONE);
	fd_close(&ends[0]);
}

static void
test_lines(void **state)
{
	/* clang-format off */
	static const struct {
		const char *in;
		bool dots;
		const char *header;
		const char *body; /* with the empty line */
	} rows[] = {
		{ "A: 1\n\nx\n",            true,  "A: 1\r\n",             "\r\nx\r\n" },
		{ "A: 1\r\n\r\nx\r\n",      true,  "A: 1\r\n",             "\r\nx\r\n" },
		{ "A: 1\n\nx",              true,  "A: 1\r\n",             "\r\nx\r\n" },
		{ "A: 1\n",                 true,  "A: 1\r\n",             "\r\n" },
		{ "A: 1",                   true,  "A: 1\r\n",             "\r\n" },
		{ "",                       true,  "",                     "\r\n" },
		{ "\n",                     true,  "",                     "\r\n" },
		{ "\nx\n",                  true,  "",                     "\r\nx\r\n" },
		{ "no field\nx\n",          true,  "",                     "\r\nno field\r\nx\r\n" },
		{ "A: 1\nno field\n",       true,  "A: 1\r\n",             "\r\nno field\r\n" },
		{ "From a Mon\nA: 1\n\nx\n", true, "A: 1\r\n",             "\r\nx\r\n" },
		{ ">From a Mon\nA: 1\n\nx\n", true, "A: 1\r\n",           "\r\nx\r\n" },
		{ "A: 1\n 2\n\t3\nB: 4\n\n", true, "A: 1\r\n 2\r\n\t3\r\nB: 4\r\n", "\r\n" },
		{ "A: 1\n\nx\n.\ny\n",      true,  "A: 1\r\n",             "\r\nx\r\n" },
		{ "A: 1\n\nx\r\n.\r\ny\n",  true,  "A: 1\r\n",             "\r\nx\r\n" },
		{ "A: 1\n\nx\n.",           true,  "A: 1\r\n",             "\r\nx\r\n" },
		{ "A: 1\n\nx\n.\ny\n",      false, "A: 1\r\n",             "\r\nx\r\n..\r\ny\r\n" },
		{ "A: 1\n\n.x\n..\na.\n",   true,  "A: 1\r\n",             "\r\n..x\r\n...\r\na.\r\n" },
		{ "A: 1\n\na\rb\r\rc\n",    true,  "A: 1\r\n",             "\r\na\r\nb\r\n\r\nc\r\n" },
		{ ".\nA: 1\n",              true,  "",                     "\r\n" },
		{ "A: 1\n.\nB: 2\n",        true,  "A: 1\r\n",             "\r\n" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf body = { .max = 10000 };
		struct letter l;

		read_letter(slice_str(rows[i].in), rows[i].dots, &l, &body);
		assert_string_equal(buf_cstr(&l.header), rows[i].header);
		assert_string_equal(buf_cstr(&body), rows[i].body);
		letter_close(&l);
		buf_fini(&body);
	}
}

/* What is cut at the border of two reads is put together again. */
static void
test_pieces(void **state)
{
	enum { LINES = 3000, LINE = 12 };
	struct buf in = { .max = 100000 }, body = { .max = 200000 };
	struct letter l;

	(void)state;
	buf_adds(&in, "A: 1\n\n");
	for (int i = 0; i < LINES; i++)
		buf_adds(&in, ".23456789\r\n");
	read_letter(buf_slice(&in), true, &l, &body);
	assert_int_equal(body.n, 2 + LINES * LINE);
	for (size_t i = 2; i < body.n; i += LINE)
		assert_memory_equal(body.p + i, "..23456789\r\n", LINE);
	letter_close(&l);
	buf_fini(&in);
	buf_fini(&body);
}

static void
test_recipients(void **state)
{
	/* clang-format off */
	static const struct {
		const char *header;
		const char *list; /* | stands for NUL; NULL: refused */
	} rows[] = {
		{ "To: a@x.test\n",                     "a@x.test|" },
		{ "To: a, B <b@X.Test>\nCc: c@x.test\nBcc: d@x.test\n", "a@my.test|b@x.test|c@x.test|d@x.test|" },
		{ "To: g: a@x.test, b@x.test;\n c@x.test\n", "a@x.test|b@x.test|c@x.test|" },
		{ "To: \"a b\"@x.test\n",               "\"a b\"@x.test|" },
		{ "To: undisclosed:;\n",                "" },
		{ "Subject: x\n",                       "" },
		{ "To: a@x..test\n",                    NULL },
		{ "To: a@x.test, <@>\n",                NULL },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf body = { .max = 1000 }, list = { .max = 1000 };
		struct letter l;
		struct err err;
		int rc;

		read_letter(slice_str(rows[i].header), true, &l, &body);
		rc = letter_recipients(&l, "my.test", &list, &err);
		assert_int_equal(rc, rows[i].list != NULL ? 0 : -1);
		for (size_t j = 0; j < list.n; j++)
			if (list.p[j] == '\0')
				list.p[j] = '|';
		if (rc == 0)
			assert_string_equal(buf_cstr(&list), rows[i].list);
		letter_close(&l);
		buf_fini(&body);
		buf_fini(&list);
	}
}

static void
test_header_edits(void **state)
{
	struct buf body = { .max = 1000 };
	struct letter l;

	(void)state;
	read_letter(
	    SLICE("A: 1\nBcc: x\n y\nb: 2\nBCC: z\n\n"), true, &l, &body);
	letter_remove(&l, "Bcc");
	assert_string_equal(buf_cstr(&l.header), "A: 1\r\nb: 2\r\n");
	assert_true(letter_has(&l, "B"));
	assert_false(letter_has(&l, "Bcc"));
	letter_add(&l, "C", "3");
	assert_string_equal(buf_cstr(&l.header), "C: 3\r\nA: 1\r\nb: 2\r\n");
	letter_close(&l);
	buf_fini(&body);
}

static void
test_sender(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *out; } rows[] = {
		{ "a@b.test",                   "a@b.test" },
		{ " <A@B.test> ",               "A@b.test" },
		{ "Some One <a@b.test>",        "a@b.test" },
		{ "\"a@c\" <a@b.test>",         "a@b.test" },
		{ "root",                       "root@d.test" },
		{ "\"a b\"@b.test",             "\"a b\"@b.test" },
		{ "jörg@ä.test",                "jörg@ä.test" },
		{ "",                           "" },
		{ "<>",                         "" },
		{ "a@b.test\r\nRCPT TO:<x@y>",  NULL },
		{ "a@b.test\nRCPT TO:<x@y>",    NULL },
		{ "a@b.test> SIZE=1",           NULL },
		{ "<a@b.test> SIZE=1",          NULL },
		{ "a@b.test> SIZE=<x@y>",       NULL },
		{ "a@b.test, c@d.test",         NULL },
		{ "a b",                        NULL },
		{ "@b.test",                    NULL },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = { .max = 1000 };
		const int rc =
		    letter_sender(slice_str(rows[i].in), "d.test", &out, NULL);

		assert_int_equal(rc, rows[i].out != NULL ? 0 : -1);
		assert_string_equal(
		    buf_cstr(&out), rows[i].out != NULL ? rows[i].out : "");
		buf_fini(&out);
	}
}

static void
test_phrase(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *out; } rows[] = {
		{ "",                   "" },
		{ "Some One",           "\"Some One\" " },
		{ "O\"N\\a\r\nBcc: x",   "\"ONaBcc: x\" " },
		{ "Jörg Example",       "=?UTF-8?B?SsO2cmcgRXhhbXBsZQ==?= " },
		{ "J\xF6rg",            "=?UTF-8?B?Su+/vXJn?= " },
		{ "ääääääääääääääääääääääää", /* 48 bytes: two words */
		  "=?UTF-8?B?w6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6TDpMOkw6Q=?=\r\n"
		  " =?UTF-8?B?w6TDpA==?= " },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = { .max = 1000 };

		letter_phrase(slice_str(rows[i].in), &out);
		assert_string_equal(buf_cstr(&out), rows[i].out);
		buf_fini(&out);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_sender),
		cmocka_unit_test(test_phrase),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_header_edits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
