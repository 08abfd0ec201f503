/* SPDX-License-Identifier: ISC */
#include "mailread/preview.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "mime/parser.h"
#include "mime/part.h"

static void
test_text(void **state)
{
	/* clang-format off */
	static const struct { bool html; const char *in, *want; } rows[] = {
		{ false, "hello\r\n\r\n  world \r\n", "hello world" },
		{ false, "", "" },
		{ false, " \t\n", "" },
		{ false, "a<b>&amp;c", "a<b>&amp;c" },
		{ false, "\xea\xb0\x80\xc2\xa0x", "\xea\xb0\x80 x" },
		{ false, "a\xff\xe2\x80\xae" "b\xef\xbb\xbf", "ab" },
		{ true, "<p>a</p><p>b</p>", "a b" },
		{ true, "a<b>b</b>c", "abc" },
		{ true, "a &lt;b&gt; &amp;&#65;&#x42;&#128512;", "a <b> &AB\xf0\x9f\x98\x80" },
		{ true, "&nbsp;a&none;b & c&", "a&none;b & c&" },
		{ true, "<head><title>t</title></head><body>x", "x" },
		{ true, "<style>a { }</style>x<script>if (1<2) y</SCRIPT>z", "x z" },
		{ true, "<!-- <p>no -->yes<!-- open", "yes" },
		{ true, "<header>seen</header>", "seen" },
		{ true, "x<a href=\"y", "x" },
		{ true, "<style>never closed", "" },
		{ true, "&auml;&Ouml;", "\xc3\xa4\xc3\x96" },
		{ true, "a&#xd800;&#x110000;b", "ab" },
		{ true, "&#xffffff;&#;&#x;a", "&#;&#x;a" },
	};
	/* clang-format on */
	struct buf out;

	(void)state;
	buf_init(&out, PREVIEW_BYTES);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&out);
		preview_put(&out, slice_str(rows[i].in), rows[i].html);
		assert_string_equal(buf_cstr(&out), rows[i].want);
	}
	buf_fini(&out);
}

/* 256 characters, whatever they are. */
static void
test_length(void **state)
{
	struct buf in, out;

	(void)state;
	buf_init(&in, 10000);
	buf_init(&out, PREVIEW_BYTES);
	for (unsigned i = 0; i < 1000; i++)
		buf_adds(&in, "\xf0\x9f\x98\x80");
	preview_put(&out, buf_slice(&in), false);
	assert_int_equal(out.n, 1024);
	assert_false(out.failed);
	buf_fini(&in);
	buf_fini(&out);
}

#define P(type, text) "--b\n" type "\n\n" text "\n"

static void
test_part(void **state)
{
	/* clang-format off */
	static const struct { const char *mail, *want; } rows[] = {
		{ "Subject: x\n\nplain\n", "plain" },
		{ "Content-Type: image/png\n\nx\n", NULL },
		{ "Content-Type: multipart/alternative; boundary=b\n\n"
		  P("Content-Type: text/html", "h") P("Content-Type: text/plain", "p") "--b--\n", "plain" },
		{ "Content-Type: multipart/alternative; boundary=b\n\n"
		  P("Content-Type: text/html", "h") P("Content-Type: image/png", "p") "--b--\n", "html" },
		{ "Content-Type: multipart/mixed; boundary=b\n\n"
		  P("Content-Type: text/html", "h") P("Content-Type: text/plain", "p") "--b--\n", "html" },
		{ "Content-Type: multipart/mixed; boundary=b\n\n"
		  P("Content-Type: text/plain\nContent-Disposition: attachment", "a")
		  P("Content-Type: text/html", "p") "--b--\n", "html" },
		{ "Content-Type: message/rfc822\n\nSubject: inner\n\ntext\n", "plain" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mime_tree *t = mime_parse(slice_str(rows[i].mail), NULL);
		const struct mime_part *p = preview_part(t->root);

		if ((p != NULL) != (rows[i].want != NULL) ||
		    (p != NULL && !slice_iis(p->subtype, rows[i].want)))
			fail_msg("row %zu", i);
		mime_tree_free(&t);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
