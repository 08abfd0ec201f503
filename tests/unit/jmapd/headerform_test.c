/* SPDX-License-Identifier: ISC */
/* Header fields in their forms (RFC 8621 4.1.2), and properties that are none.
 */
#include "tests/unit.h"

#include "jmapd/mail/headerform.h"

#include "base/buf.h"
#include "base/mem.h"

static const char header[] =
    "From: =?utf-8?Q?J=C3=BCrgen?= <j@x.test>, plain@x.test\r\n"
    "To: a@x.test, Two: b@x.test, \"C c\" <c@x.test>; , d@x.test\r\n"
    "Cc: Nobody:;\r\n"
    "Subject: one\r\n"
    "Subject: =?iso-8859-1?Q?zw=F6lf?=\r\n folded\r\n"
    "Message-ID: <a@b> (comment) <c d@e>\r\n"
    "In-Reply-To: your letter\r\n"
    "Date: Tue, 1 Dec 2026 10:00:00 -0330\r\n"
    "Resent-Date: 31 Dec 2025 23:59:59 GMT\r\n"
    "List-Post: <mailto:l@x.test>, <https://x.test/>\r\n"
    "X-Raw:  \xff b \r\n"
    "X-Empty:\r\n";

/* clang-format off */
static const struct {
	const char *property;
	const char *value; /* NULL: it is none */
} rows[] = {
	{ "header:Subject", "\" =?iso-8859-1?Q?zw=F6lf?=\\u000d\\u000a folded\"" },
	{ "header:subject:asText", "\"zw\xc3\xb6lf folded\"" },
	{ "header:Subject:asText:all", "[\"one\",\"zw\xc3\xb6lf folded\"]" },
	{ "header:Subject:all", "[\" one\",\" =?iso-8859-1?Q?zw=F6lf?=\\u000d\\u000a folded\"]" },
	{ "header:From:asAddresses",
	  "[{\"name\":\"J\xc3\xbcrgen\",\"email\":\"j@x.test\"},"
	  "{\"name\":null,\"email\":\"plain@x.test\"}]" },
	{ "header:To:asAddresses",
	  "[{\"name\":null,\"email\":\"a@x.test\"},{\"name\":null,\"email\":\"b@x.test\"},"
	  "{\"name\":\"C c\",\"email\":\"c@x.test\"},{\"name\":null,\"email\":\"d@x.test\"}]" },
	{ "header:To:asGroupedAddresses",
	  "[{\"name\":null,\"addresses\":[{\"name\":null,\"email\":\"a@x.test\"}]},"
	  "{\"name\":\"Two\",\"addresses\":[{\"name\":null,\"email\":\"b@x.test\"},"
	  "{\"name\":\"C c\",\"email\":\"c@x.test\"}]},"
	  "{\"name\":null,\"addresses\":[{\"name\":null,\"email\":\"d@x.test\"}]}]" },
	{ "header:Cc:asGroupedAddresses", "[{\"name\":\"Nobody\",\"addresses\":[]}]" },
	{ "header:Cc:asAddresses", "[]" },
	{ "header:Message-ID:asMessageIds", "[\"a@b\",\"cd@e\"]" },
	{ "header:In-Reply-To:asMessageIds", "null" },
	{ "header:Date:asDate", "\"2026-12-01T10:00:00-03:30\"" },
	{ "header:Resent-Date:asDate", "\"2025-12-31T23:59:59Z\"" },
	{ "header:X-Raw:asDate", "null" },
	{ "header:List-Post:asURLs", "[\"mailto:l@x.test\",\"https://x.test/\"]" },
	{ "header:X-Raw", "\"  \xef\xbf\xbd b \"" },
	{ "header:X-Empty", "\"\"" },
	{ "header:X-None", "null" },
	{ "header:X-None:all", "[]" },
	{ "header:X-None:asAddresses", "null" },
	{ "subject", NULL },
	{ "header", NULL },
	{ "header:", NULL },
	{ "header::asText", NULL },
	{ "header:Subject:", NULL },
	{ "header:Subject:asDate", NULL },
	{ "header:From:asText", NULL },
	{ "header:Received:asText", NULL },
	{ "header:X:astext", NULL },
	{ "header:X:asText:asText", NULL },
	{ "header:X:all:asText", NULL },
	{ "header:X:asText:all:all", NULL },
	{ "header:X y", NULL },
	{ "header:\xc3\xa9", NULL },
};
/* clang-format on */

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out = { .max = 4096 };
		struct headerform_asked asked;
		struct jsonw w;
		const bool is =
		    headerform_parse(slice_str(rows[i].property), &asked);

		assert_int_equal(is, rows[i].value != NULL);
		if (!is)
			continue;
		jsonw_begin(&w, &out);
		headerform_put(&w, slice_str(header), &asked);
		assert_string_equal(buf_cstr(&out), rows[i].value);
		buf_fini(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
