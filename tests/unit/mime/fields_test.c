/* SPDX-License-Identifier: ISC */
#include "mime/fields.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "mime/parser.h"
#include "mime/part.h"

static struct mime_tree *
parse(struct slice message, size_t step)
{
	struct mime_parser *p = mime_parser_new(NULL);

	for (size_t at = 0; at < message.n; at += step)
		mime_parser_feed(p, slice_sub(message, at, step));
	return mime_parser_finish(&p);
}

static uint64_t
mask_of(const char *a, const char *b)
{
	const struct slice names[] = { slice_str(a), slice_str(b) };
	uint64_t mask;

	assert_true(mime_fields_mask(names, b != NULL ? 2 : 1, &mask));
	return mask;
}

static void
test_answers(void **state)
{
	/* clang-format off */
	static const struct {
		const char *message, *a, *b, *answer;
	} rows[] = {
		{ "From: a\nTo: b\nFrom: c\r\n\nx", "from", "CC",
		    "From: a\r\nFrom: c\r\n\r\n" },
		{ "From: a\nTo: b\n\nx", "To", "From",
		    "From: a\r\nTo: b\r\n\r\n" },
		{ "Subject : a\n b\r\n\tc\n\nx", "subject", NULL,
		    "Subject : a\r\n b\r\n\tc\r\n\r\n" },
		{ "Subject: no end", "Subject", NULL, "Subject: no end\r\n" },
		{ "Subject: cr\r", "Subject", NULL, "Subject: cr\r\r\n" },
		{ "Subject: a\rb\n\n", "Subject", NULL, "Subject: a\rb\r\n\r\n" },
		{ " lost\nSubject: a\n\n", "Subject", NULL,
		    "Subject: a\r\n\r\n" },
		{ "no field\n lost\nTo: a\n\n", "To", NULL, "To: a\r\n\r\n" },
		{ "\nSubject: body\n", "Subject", NULL, "\r\n" },
		{ "", "Subject", NULL, "" },
		{ "X: y\n", "Subject", NULL, "" },
	};
	/* clang-format on */
	struct buf out = { .max = 1000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t step = 1; step < 5; step += 3) {
			struct mime_tree *t =
			    parse(slice_str(rows[i].message), step);

			buf_reset(&out);
			assert_true(mime_fields_get(
			    t->fields, mask_of(rows[i].a, rows[i].b), &out));
			assert_true(slice_is(buf_slice(&out), rows[i].answer));
			mime_tree_free(&t);
		}
	buf_fini(&out);
}

static void
test_nul(void **state)
{
	struct mime_tree *t = parse(SLICE("To: a\0b\n\n"), 100);
	struct buf out = { .max = 1000 };

	(void)state;
	assert_true(mime_fields_get(t->fields, mask_of("To", NULL), &out));
	assert_true(slice_is(buf_slice(&out), "To: a\x80"
					      "b\r\n\r\n"));
	assert_false(mime_fields_check(SLICE("To: a")));
	mime_tree_free(&t);
	buf_fini(&out);
}

/* A header with NAME: n bytes of value between From and Subject. */
static struct mime_tree *
with_long(const char *name, size_t n, unsigned times)
{
	struct buf b = { .max = 1 << 20 };
	struct mime_tree *t;

	buf_adds(&b, "From: a\n");
	for (; times > 0; times--) {
		buf_addf(&b, "%s: ", name);
		for (size_t i = 0; i < n; i++)
			buf_addc(&b, 'x');
		buf_adds(&b, "\n");
	}
	buf_adds(&b, "Subject: b\n\n");
	t = parse(buf_slice(&b), 700);
	buf_fini(&b);
	return t;
}

static void
test_limits(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name;
		size_t n;
		unsigned times;
		bool known;
	} rows[] = {
		{ "To", MIME_FIELD_MAX - 6, 1, true },
		{ "To", MIME_FIELD_MAX - 5, 1, false },
		{ "To", 1 << 19, 1, false },
		{ "To", 1000, 3, true },
		{ "To", 1000, 5, false },
		{ "X-Other", 1 << 18, 2, true },
	};
	/* clang-format on */
	const uint64_t to = mask_of("To", NULL);
	const uint64_t from = mask_of("From", "Subject");
	struct buf out = { .max = 1 << 20 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mime_tree *t =
		    with_long(rows[i].name, rows[i].n, rows[i].times);

		assert_true(t->fields.n <= MIME_FIELDS_MAX);
		buf_reset(&out);
		assert_int_equal(
		    mime_fields_get(t->fields, to, &out), rows[i].known);
		buf_reset(&out);
		assert_true(mime_fields_get(t->fields, from, &out));
		assert_true(
		    slice_is(buf_slice(&out), "From: a\r\nSubject: b\r\n\r\n"));
		mime_tree_free(&t);
	}
	buf_fini(&out);
}

/* A name whose colon is far away. */
static void
test_far_colon(void **state)
{
	struct buf b = { .max = 1000 }, out = { .max = 1000 };
	struct mime_tree *t;

	(void)state;
	buf_adds(&b, "From: a\nTo");
	for (int i = 0; i < 300; i++)
		buf_addc(&b, ' ');
	buf_adds(&b, ": b\n\n");
	t = parse(buf_slice(&b), 100);
	assert_false(mime_fields_get(t->fields, mask_of("To", NULL), &out));
	assert_false(mime_fields_get(t->fields, mask_of("From", NULL), &out));
	assert_int_equal(out.n, 0);
	mime_tree_free(&t);
	buf_fini(&b);
	buf_fini(&out);
}

static void
test_first(void **state)
{
	struct mime_tree *t = parse(
	    SLICE("References: <a>\r\n <b>\r\nreferences: <c>\r\n\r\n"), 100);
	const int id = mime_fields_id(SLICE("References"));
	struct slice v;

	(void)state;
	assert_true(mime_fields_first(t->fields, id, &v));
	assert_true(slice_is(v, " <a>\r\n <b>"));
	assert_true(
	    mime_fields_first(t->fields, mime_fields_id(SLICE("To")), &v));
	assert_null(v.p);
	assert_false(mime_fields_first(t->fields, -1, &v));
	assert_false(mime_fields_first(SLICE(""), id, &v));
	mime_tree_free(&t);
}

/* Every cut and every changed byte: refused, or an answer within its bounds. */
static void
test_damage(void **state)
{
	struct mime_tree *t =
	    parse(SLICE("From: a\r\nTo: b\r\nSubject: c\r\n d\r\n\r\n"), 100);
	const uint64_t mask = mask_of("To", "Subject");
	struct buf b = { .max = 1000 }, out = { .max = 1000 };
	struct slice v;

	(void)state;
	assert_true(mime_fields_check(t->fields));
	buf_add(&b, t->fields);
	for (size_t n = 1; n < b.n; n++) {
		const struct slice cut = slice_sub(buf_slice(&b), 0, n);

		buf_reset(&out);
		if (mime_fields_get(cut, mask, &out))
			assert_true(out.n > 0);
		else
			assert_int_equal(out.n, 0);
		(void)mime_fields_first(cut, 1, &v);
	}
	for (size_t i = 0; i < b.n; i++)
		for (int c = 0; c < 256; c++) {
			const char was = b.p[i];

			b.p[i] = (char)c;
			buf_reset(&out);
			(void)mime_fields_get(buf_slice(&b), mask, &out);
			assert_true(out.n <= b.n);
			(void)mime_fields_first(buf_slice(&b), 1, &v);
			if (mime_fields_check(buf_slice(&b)))
				assert_true(
				    slice_find(buf_slice(&out), '\0') == out.n);
			b.p[i] = was;
		}
	mime_tree_free(&t);
	buf_fini(&b);
	buf_fini(&out);
}

/* What smtpd may not pass on (the empty mask and an empty line are fine). */
static void
test_check(void **state)
{
#define ALL "\xff\xff\xff\x0f\0\0\0\0"
	/* clang-format off */
	static const struct {
		struct slice fields;
		bool good;
	} rows[] = {
		{ { NULL, 0 }, true },
		{ SLICE(ALL), false },
		{ SLICE(ALL "\0"), true },
		{ SLICE(ALL "\1"), true },
		{ SLICE(ALL "\2"), false },
		{ SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\1"), false },
		{ SLICE(ALL "\1\2\7\0To: a\r\n"), true },
		{ SLICE(ALL "\1\2\7\0To: a\r\nx"), false },
		{ SLICE(ALL "\1\2\6\0To: a\r"), false },
		{ SLICE(ALL "\1\2\6\0To: a\n"), false },
		{ SLICE(ALL "\1\3\7\0To: a\r\n"), false },
		{ SLICE(ALL "\1\2\7\0To: \0\r\n"), false },
		{ SLICE(ALL "\1\2\x0e\0To: a\r\nCc: b\r\n"), false },
		{ SLICE(ALL "\1\2\x0b\0To: a\r\n b\r\n"), true },
		{ SLICE(ALL "\1\2\x0a\0To: a\n b\r\n"), false },
		{ SLICE(ALL "\1\2\x09\0To: a\r\n\r\n"), false },
		{ SLICE(ALL "\1\2\0\0"), false },
		{ SLICE(ALL "\1\2\x8\0To: a\r\n"), false },
		{ SLICE(ALL "\1\xff\7\0To: a\r\n"), false },
		{ SLICE("\0\0\0\0\0\0\0\0\1\2\7\0To: a\r\n"), false },
	};
	/* clang-format on */
#undef ALL

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(
		    mime_fields_check(rows[i].fields), rows[i].good);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_far_colon),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
