/* SPDX-License-Identifier: ISC */
#include "dmarc/uris.h"

#include "tests/unit.h"

#include "base/buf.h"
#include "base/mem.h"

static void
test_uris(void **state)
{
	static const struct {
		const char *rua, *says;
	} rows[] = {
		{ "mailto:a@x.example", "a@x.example x.example 0\n" },
		{ "MAILTO:a@X.example , mailto:b@y.example",
		    "a@x.example x.example 0\nb@y.example y.example 0\n" },
		{ "mailto:a@x.example!10m,mailto:b@x.example!50K",
		    "a@x.example x.example 10485760\n"
		    "b@x.example x.example 51200\n" },
		{ "mailto:a@x.example!1000", "a@x.example x.example 1000\n" },
		{ "mailto:a@x.example!1t",
		    "a@x.example x.example 1099511627776\n" },
		{ "mailto:a@x.example!", "a@x.example x.example 0\n" },
		{ "mailto:a%2cb%21@x.example?subject=x!1k", "" },
		{ "mailto:a%2bb%21@x.example?subject=x",
		    "a+b!@x.example x.example 0\n" },
		{ "mailto:a@b\xc3\xbc"
		  "cher.example",
		    "a@b\xc3\xbc"
		    "cher.example xn--bcher-kva.example 0\n" },
		/* none of them */
		{ "", "" },
		{ ",,", "" },
		{ "https://x.example/", "" },
		{ "a@x.example", "" },
		{ "mailto:", "" },
		{ "mailto:a", "" },
		{ "mailto:a@", "" },
		{ "mailto:a@[192.0.2.1]", "" },
		{ "mailto:a@x.example!m", "" },
		{ "mailto:a@x.example!1x", "" },
		{ "mailto:a@x.example!-1", "" },
		{ "mailto:a@x.example!99999999999999999999", "" },
		{ "mailto:a%0@x.example", "" },
		{ "mailto:a%0d%0aRcpt@x.example", "" },
		{ "mailto:a@x.example%00", "" },
		{ "https://x.example/, mailto:a@x.example",
		    "a@x.example x.example 0\n" },
		{ "mailto:1@x.example,mailto:2@x.example,mailto:3@x.example,"
		  "mailto:4@x.example,mailto:5@x.example,mailto:6@x.example",
		    "1@x.example x.example 0\n2@x.example x.example 0\n"
		    "3@x.example x.example 0\n4@x.example x.example 0\n"
		    "5@x.example x.example 0\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dmarc_uri uris[DMARC_URIS_MAX];
		struct buf says = { .max = 1000 };
		struct arena a;
		size_t n;

		arena_init(&a);
		n = dmarc_uris(slice_str(rows[i].rua), &a, uris);
		for (size_t k = 0; k < n; k++)
			buf_addf(&says, "%.*s %.*s %llu\n",
			    SLICE_FMT(uris[k].address), SLICE_FMT(uris[k].host),
			    (unsigned long long)uris[k].max_bytes);
		if (!slice_is(buf_slice(&says), rows[i].says))
			fail_msg("%s: %s", rows[i].rua, buf_cstr(&says));
		buf_fini(&says);
		arena_fini(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uris),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
