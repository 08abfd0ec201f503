/* SPDX-License-Identifier: ISC */
#include "report/tlsrpt.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

static void
test_records(void **state)
{
	static const struct {
		const char *txt;
		bool is_record;
		const char *rua; /* NULL: it cannot be read */
	} rows[] = {
		{ "v=TLSRPTv1;rua=mailto:a@x.example", true,
		    "mailto:a@x.example" },
		{ "v=TLSRPTv1; rua=mailto:a@x.example;", true,
		    "mailto:a@x.example" },
		{ "v=TLSRPTv1 ;\trua=mailto:a@x.example ; ", true,
		    "mailto:a@x.example" },
		{ "v=TLSRPTv1; rua=https://x.example/r?a=b,mailto:a@x.example",
		    true, "https://x.example/r?a=b,mailto:a@x.example" },
		{ "v=TLSRPTv1; rua=mailto:a@x.example , mailto:b@x.example",
		    true, "mailto:a@x.example , mailto:b@x.example" },
		{ "v=TLSRPTv1; ext.1_a-b=x; rua=mailto:a@x.example", true,
		    "mailto:a@x.example" },
		{ "v=TLSRPTv1; rua=mailto:a@x.example; other=1", true,
		    "mailto:a@x.example" },
		/* refused */
		{ "v=TLSRPTv1;", true, NULL },
		{ "v=TLSRPTv1; rua=", true, NULL },
		{ "v=TLSRPTv1; rua", true, NULL },
		{ "v=TLSRPTv1; other=1", true, NULL },
		{ "v=TLSRPTv1;; rua=mailto:a@x.example", true, NULL },
		{ "v=TLSRPTv1; RUA=mailto:a@x.example", true, NULL },
		{ "v=TLSRPTv1; rua =mailto:a@x.example", true, NULL },
		{ "v=TLSRPTv1; rua=mailto:a@x.example; rua=mailto:b@x.example",
		    true, NULL },
		{ "v=TLSRPTv1; rua=mailto:a@x.example; -a=1", true, NULL },
		{ "v=TLSRPTv1; rua=mailto:a@x.example; a=", true, NULL },
		{ "v=TLSRPTv1; rua=mailto:a@x.example; a=b=c", true, NULL },
		{ "v=TLSRPTv1; rua=mailto:a@x.example; a=b c", true, NULL },
		{ "v=TLSRPTv1; a12345678901234567890123456789012=1;"
		  "rua=mailto:a@x.example",
		    true, NULL },
		{ "v=TLSRPTv1; rua=mailto:a\r\n@x.example", true, NULL },
		{ "v=TLSRPTv1; rua=mailto:\xc3\xa4@x.example", true, NULL },
		/* others */
		{ "", false, NULL },
		{ "v=TLSRPTv1", false, NULL },
		{ "v=tlsrptv1; rua=mailto:a@x.example", false, NULL },
		{ "V=TLSRPTv1; rua=mailto:a@x.example", false, NULL },
		{ "v=TLSRPTv2; rua=mailto:a@x.example", false, NULL },
		{ " v=TLSRPTv1; rua=mailto:a@x.example", false, NULL },
		{ "v=TLSRPTv1x; rua=mailto:a@x.example", false, NULL },
		{ "rua=mailto:a@x.example; v=TLSRPTv1;", false, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct slice txt = slice_str(rows[i].txt);
		struct slice rua = SLICE("");
		const bool ok = tlsrpt_parse(txt, &rua);

		if (tlsrpt_is_record(txt) != rows[i].is_record ||
		    ok != (rows[i].rua != NULL) ||
		    (ok && !slice_is(rua, rows[i].rua)))
			fail_msg(
			    "%s: %d %.*s", rows[i].txt, ok, SLICE_FMT(rua));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
