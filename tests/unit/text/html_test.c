/* SPDX-License-Identifier: ISC */
#include "text/html.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "text/entity.h"

/* Fed in pieces of N bytes. */
static void
visible(struct slice in, size_t n, struct buf *out)
{
	struct html h = { .state = HTML_TEXT };

	buf_reset(out);
	for (size_t i = 0; i < in.n; i += n)
		html_feed(&h, slice_sub(in, i, n), out);
	html_finish(&h, out);
}

static void
test_text(void **state)
{
	/* clang-format off */
	static const struct { const char *in, *want; } rows[] = {
		{ "", "" },
		{ "plain", "plain" },
		/* tags within words, and between them */
		{ "wo<b>rd</b>s", "words" },
		{ "wo<SPAN class=\"x\">r</SPAN>d", "word" },
		{ "a<p>b</p>c", "a b c" },
		{ "a<br>b<br/>c", "a b c" },
		{ "<td>a</td><td>b</td>", " a  b " },
		{ "a<unknown>b", "a b" },
		{ "a<bx>b", "a b" },
		{ "a<a\nhref=x\t>b</a >c", "abc" },
		{ "a<b/>c", "ac" },
		{ "a<o:p></o:p>c", "ac" },
		{ "a<abcdefghijklmnopqrstuvw>c", "a c" },
		/* attributes */
		{ "<img alt=\"a > b\">c", " c" },
		{ "<img alt='a > b' x>c", " c" },
		{ "<img alt = 'a > b'>c", " c" },
		{ "<img alt=a\"b>c\"d", " c\"d" },
		{ "<img \" alt=x>c", " c" },
		{ "<img alt=>c", " c" },
		{ "a<b title=\"never closed>b", "a" },
		{ "a<b", "a" },
		/* what is no tag */
		{ "1 < 2 > 1", "1 < 2 > 1" },
		{ "a<1>b", "a<1>b" },
		{ "a<<b>c", "a<c" },
		{ "a<", "a<" },
		{ "a</>b", "ab" },
		{ "a</ x>b", "ab" },
		{ "a</b", "a" },
		{ "a<//b>c", "ac" },
		/* comments and declarations */
		{ "a<!-- <p> -- > - -->b", "ab" },
		{ "a<!-->b-->c", "ab-->c" },
		{ "a<!--->b", "ab" },
		{ "a<!---->b", "ab" },
		{ "a<!----->b", "ab" },
		{ "a<!--x--!>b", "ab" },
		{ "a<!-x-->b", "ab" },
		{ "a<!-- open", "a" },
		{ "<!DOCTYPE html>a", "a" },
		{ "<?xml version=\"1.0\"?>a", "a" },
		{ "<![if !mso]>a<![endif]>b", "ab" },
		{ "<!--[if mso]><p>x</p><![endif]-->a", "a" },
		/* hidden */
		{ "a<script>if (1<2) x(\"</p>\")</script>b", "a b" },
		{ "a<style type=\"x\">p > a { }</style>b", "a b" },
		{ "a<STYLE>x</sTyLe >b", "a b" },
		{ "<title>t &amp; u</title>b", " b" },
		{ "<script>a</scriptx>b</script>c", " c" },
		{ "<style><!-- x --></style>b", " b" },
		{ "<style><</style>b", " b" },
		{ "</style>b", " b" },
		{ "<style>never closed", " " },
		{ "<styles>b", " b" },
		{ "<head><meta charset=x></head>b", "   b" },
		/* references */
		{ "&lt;b&gt; &amp;amp;", "<b> &amp;" },
		{ "Gr&uuml;&szlig;e", "Gr\xc3\xbc\xc3\x9f" "e" },
		{ "&eacute&Eacute;", "\xc3\xa9\xc3\x89" },
		{ "&#44032;&#xAC00;&#XAc00", "\xea\xb0\x80\xea\xb0\x80\xea\xb0\x80" },
		{ "&#128512;", "\xf0\x9f\x98\x80" },
		{ "&#65", "A" },
		{ "&#65x", "&#65x" },
		{ "&#150;&#x80;", "\xe2\x80\x93\xe2\x82\xac" },
		{ "&#0;&#xd800;&#x110000;&#99999999999;", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "&;&#;&#x;& &&", "&;&#;&#x;& &&" },
		{ "a&none;b&none", "a&none;b&none" },
		{ "&nbspx&ampy", "\xc2\xa0x&y" },
		{ "&hellip;&hellip", "\xe2\x80\xa6&hellip" },
		{ "&notit;", "\xc2\xacit;" },
		{ "&abcdefghijklmnopqrstuvwxyz;", "&abcdefghijklmnopqrstuvwxyz;" },
		{ "&a<p>b", "&a b" },
		{ "a?x=1&y=2&copy=3", "a?x=1&y=2\xc2\xa9=3" },
		{ "&alpha;&Alpha;&zwnj;", "\xce\xb1\xce\x91\xe2\x80\x8c" },
	};
	/* clang-format on */
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t n = 1; n < 70; n += n < 8 ? 1 : 30) {
			visible(slice_str(rows[i].in), n, &out);
			if (!slice_is(buf_slice(&out), rows[i].want))
				fail_msg("%s: in pieces of %zu \"%s\"",
				    rows[i].in, n, buf_cstr(&out));
		}
	buf_fini(&out);
}

/* Time and output are linear in what comes in. */
static void
test_hostile(void **state)
{
	static const char *const rows[] = { "<", "&", "&#", "<!--", "<!-", "</",
		"<a ", "<a b=\"", "<script>", "<style></", "&ampx", "-->",
		"&#x10ffff" };
	struct buf in, out;

	(void)state;
	buf_init(&in, 4 << 20);
	buf_init(&out, 8 << 20);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&in);
		while (in.n < 1 << 20)
			buf_adds(&in, rows[i]);
		visible(buf_slice(&in), 4096, &out);
		assert_false(out.failed);
		assert_true(out.n <= 3 * in.n);
	}
	buf_fini(&in);
	buf_fini(&out);
}

static void
test_entities(void **state)
{
	(void)state;
	assert_int_equal(entity_code(SLICE("AElig"), true), 0xc6);
	assert_int_equal(entity_code(SLICE("zwnj"), true), 0x200c);
	assert_int_equal(entity_code(SLICE("zwnj"), false), 0);
	assert_int_equal(entity_code(SLICE("apos"), false), 0);
	assert_int_equal(entity_code(SLICE("Amp"), true), 0);
	assert_int_equal(entity_code(SLICE(""), true), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_entities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
