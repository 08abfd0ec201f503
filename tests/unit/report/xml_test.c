/* SPDX-License-Identifier: ISC */
#include "report/xml.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"

/* "+a +b -b=text -a .", "!why" */
static void
walk(struct slice text, struct buf *says)
{
	struct xml x;
	enum xml_event e;

	xml_init(&x, text);
	while ((e = xml_next(&x)) == XML_OPEN || e == XML_CLOSE) {
		buf_addf(says, "%c%.*s", e == XML_OPEN ? '+' : '-',
		    SLICE_FMT(x.name));
		if (e == XML_CLOSE && slice_trim(buf_slice(&x.text)).n > 0)
			buf_addf(says, "=%.*s",
			    SLICE_FMT(slice_trim(buf_slice(&x.text))));
		buf_addc(says, ' ');
	}
	assert_int_equal(xml_next(&x), e);
	if (e == XML_END)
		buf_addc(says, '.');
	else
		buf_addf(says, "!%s", x.why);
	xml_fini(&x);
}

static void
test_documents(void **state)
{
	static const struct {
		const char *xml, *says;
	} rows[] = {
		{ "<a/>", "+a -a ." },
		{ "<a>x</a>", "+a -a=x ." },
		{ "\xef\xbb\xbf<?xml version=\"1.0\"?>\n<a>\n<b>x</b>\n</a>\n",
		    "+a +b -b=x -a ." },
		{ "<n:a xmlns:n='urn:x' b = \"1>2\"><n:b c='\"'/></n:a>",
		    "+a +b -b -a ." },
		{ "<a>&lt;b&gt; &amp;amp; &quot;&apos;&#65;&#x41;&#x20ac;</a>",
		    "+a -a=<b> &amp; \"'AA\xe2\x82\xac ." },
		{ "<a><!-- <b> -- --><![CDATA[<c>&lt;]]>d</a><!-- e -->",
		    "+a -a=<c>&lt;d ." },
		{ "<a>x<b/>y</a >", "+a +b -b -a=y ." },
		/* a document type: entities, and files of the host */
		{ "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
		    "!markup that is not taken" },
		{ "<!DOCTYPE a SYSTEM \"/etc/passwd\"><a/>",
		    "!markup that is not taken" },
		{ "<a><!ENTITY x \"y\"></a>", "+a !markup that is not taken" },
		{ "<a>&x;</a>", "+a !a text that is none, or too long" },
		{ "<a>&</a>", "+a !a text that is none, or too long" },
		{ "<a>&#0;</a>", "+a !a text that is none, or too long" },
		{ "<a>&#xd800;</a>", "+a !a text that is none, or too long" },
		{ "<a>&#x110000;</a>", "+a !a text that is none, or too long" },
		{ "<a>&#4294967361;</a>",
		    "+a !a text that is none, or too long" },
		{ "<a>&#xg;</a>", "+a !a text that is none, or too long" },
		{ "", "!it ends too early" },
		{ "x<a/>", "!a text that is none, or too long" },
		{ "<a/>x", "+a -a !a text that is none, or too long" },
		{ "<a/><b/>", "+a -a !more than one element" },
		{ "<a>", "+a !it ends too early" },
		{ "<a><b></a></b>", "+a +b !an end tag without its element" },
		{ "<a></A>", "+a !an end tag without its element" },
		{ "</a>", "!an end tag without its element" },
		{ "<a b></a>", "!a tag that is none" },
		{ "<a b=c></a>", "!a tag that is none" },
		{ "<a b=\"<\"/>", "!a tag that is none" },
		{ "<a b=\"1\"c=\"2\"/>", "!a tag that is none" },
		{ "<a b=\"", "!a tag that is none" },
		{ "<a", "!a tag that is none" },
		{ "<", "!a tag that is none" },
		{ "<a><!-- ", "+a !markup that is not taken" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf says = { .max = 1000 };

		walk(slice_str(rows[i].xml), &says);
		if (!slice_is(buf_slice(&says), rows[i].says))
			fail_msg("%s: %s", rows[i].xml, buf_cstr(&says));
		buf_fini(&says);
	}
}

static void
test_nul(void **state)
{
	struct buf says = { .max = 100 };

	(void)state;
	walk(SLICE("<a>b\0c</a>"), &says);
	assert_string_equal(
	    buf_cstr(&says), "+a !a text that is none, or too long");
	buf_fini(&says);
}

static void
test_limits(void **state)
{
	struct buf text = { .max = 1 << 20 }, says = { .max = 1000 };

	(void)state;
	for (int i = 0; i <= XML_DEPTH_MAX; i++)
		buf_adds(&text, "<a>");
	walk(buf_slice(&text), &says);
	assert_true(slice_ends(buf_slice(&says), SLICE("+a !too deep")));
	buf_reset(&text);
	buf_reset(&says);
	buf_adds(&text, "<a>");
	for (int i = 0; i <= XML_TEXT_MAX; i++)
		buf_addc(&text, 'x');
	walk(buf_slice(&text), &says);
	assert_string_equal(
	    buf_cstr(&says), "+a !a text that is none, or too long");
	buf_fini(&text);
	buf_fini(&says);
}

static void
test_put(void **state)
{
	struct buf out = { .max = 1000 };

	(void)state;
	xml_put(&out, SLICE("a<b>&\"'\xc3\xbc\xff\x01\t]]>"));
	assert_string_equal(
	    buf_cstr(&out), "a&lt;b&gt;&amp;&quot;&apos;\xc3\xbc??\t]]&gt;");
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
