/* SPDX-License-Identifier: ISC */
#include "mime/record.h"

#include "tests/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "mime/fields.h"
#include "mime/imap.h"
#include "mime/parser.h"
#include "mime/part.h"

static void
test_round_trip(void **state)
{
	struct mime_tree *t = mime_parse(
	    SLICE("Date: Thu, 1 Jan 1970 00:01:00 +0000\nSubject: \"a\" \\b\n"
		  "From: A B <a@b>, c@d\nTo: g: x@y;, (n) p@q\nCc: root\n"
		  "Message-ID: <i@j>\n\nhi"),
	    NULL);
	struct mime_tree *again;
	struct mime_envelope e;
	struct slice envelope, fields, value;
	struct arena arena;
	struct buf b;

	(void)state;
	arena_init(&arena);
	buf_init(&b, 10000);
	mime_record_put(&b, t);
	assert_true(mime_record_header(buf_slice(&b), &fields));
	assert_true(mime_fields_first(
	    fields, mime_fields_id(SLICE("message-id")), &value));
	assert_true(slice_is(value, " <i@j>"));
	assert_true(mime_record_envelope(buf_slice(&b), &envelope));
	assert_true(slice_eq(envelope, t->root->envelope));
	assert_int_equal(mime_record_sent(envelope), 60);
	assert_true(mime_record_fields(&arena, envelope, &e));
	assert_true(slice_is(e.subject, "\"a\" \\b"));
	assert_true(slice_is(e.from, "A B <a@b>, c@d"));
	assert_true(slice_is(e.to, "g, x@y, n <p@q>"));
	assert_true(slice_is(e.cc, "root@"));
	assert_true(slice_is(e.message_id, "<i@j>"));
	assert_null(e.bcc.p);
	assert_null(e.in_reply_to.p);
	again = mime_record_tree(buf_slice(&b));
	assert_non_null(again);
	assert_int_equal(again->root->body.bytes, 2);
	assert_true(slice_eq(again->root->envelope, envelope));
	mime_tree_free(&again);
	mime_tree_free(&t);

	for (size_t n = 0; n < b.n; n++)
		assert_null(mime_record_tree(slice_sub(buf_slice(&b), 0, n)));
	b.p[0] = 1;
	assert_null(mime_record_tree(buf_slice(&b)));
	assert_false(mime_record_envelope(buf_slice(&b), &envelope));
	assert_false(mime_record_header(buf_slice(&b), &fields));
	buf_fini(&b);
	arena_fini(&arena);
}

static void
test_refused(void **state)
{
	/* clang-format off */
	static const char *const rows[] = {
		"", "(", "()", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL",
		"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ",
		"(NIL NIL NIL NIL NIL NIL NIL NIL NIL)",
		"({9}\r\na NIL NIL NIL NIL NIL NIL NIL NIL NIL)",
		"({99999999999999999999}\r\na NIL)",
		"(\"a NIL NIL NIL NIL NIL NIL NIL NIL NIL)",
		"(NIL NIL ((NIL NIL NIL)) NIL NIL NIL NIL NIL NIL NIL)",
		"(NIL NIL (NIL) NIL NIL NIL NIL NIL NIL NIL)",
	};
	/* clang-format on */
	struct mime_envelope e;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_false(
		    mime_record_fields(&arena, slice_str(rows[i]), &e));
	assert_int_equal(mime_record_sent(SLICE("(\"yesterday\" NIL")), 0);
	assert_int_equal(mime_record_sent(SLICE("")), 0);
	arena_fini(&arena);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
