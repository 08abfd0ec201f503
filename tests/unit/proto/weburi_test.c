/* SPDX-License-Identifier: ISC */
#include "proto/weburi.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"

static void
test_uris(void **state)
{
	static const struct {
		const char *text, *host, *path; /* host NULL: refused */
		unsigned port;
	} rows[] = {
		{ "https://x.example/", "x.example", "/", 0 },
		{ "https://x.example", "x.example", "", 0 },
		{ "HTTPS://X.Example/A", "X.Example", "/A", 0 },
		{ "https://x.example:8443/r?a=b&c=%2C", "x.example",
		    "/r?a=b&c=%2C", 8443 },
		{ "https://x.example?a", "x.example", "?a", 0 },
		{ "https://xn--bcher-kva.example/~a/(b)*'+$@:", //
		    "xn--bcher-kva.example", "/~a/(b)*'+$@:", 0 },
		/* refused */
		{ "", NULL, NULL, 0 },
		{ "http://x.example/", NULL, NULL, 0 },
		{ "https:/x.example/", NULL, NULL, 0 },
		{ "https:///x", NULL, NULL, 0 },
		{ "mailto:a@x.example", NULL, NULL, 0 },
		{ " https://x.example/", NULL, NULL, 0 },
		{ "https://x.example/ ", NULL, NULL, 0 },
		{ "https://u@x.example/", NULL, NULL, 0 },
		{ "https://u:p@x.example/", NULL, NULL, 0 },
		{ "https://x.example:/", NULL, NULL, 0 },
		{ "https://x.example:0/", NULL, NULL, 0 },
		{ "https://x.example:65536/", NULL, NULL, 0 },
		{ "https://x.example:443x/", NULL, NULL, 0 },
		{ "https://x.example#a", NULL, NULL, 0 },
		{ "https://x.example/#a", NULL, NULL, 0 },
		{ "https://x.example/a,b", NULL, NULL, 0 },
		{ "https://x.example/a!10m", NULL, NULL, 0 },
		{ "https://x.example/a;b", NULL, NULL, 0 },
		{ "https://x.example/%", NULL, NULL, 0 },
		{ "https://x.example/%2", NULL, NULL, 0 },
		{ "https://x.example/%2x", NULL, NULL, 0 },
		{ "https://x.example/a b", NULL, NULL, 0 },
		{ "https://x.example/a\r\nHost: y", NULL, NULL, 0 },
		{ "https://x.example/a\\b", NULL, NULL, 0 },
		{ "https://x.example/\xc3\xa4", NULL, NULL, 0 },
		{ "https://b\xc3\xbc"
		  "cher.example/",
		    NULL, NULL, 0 },
		{ "https://x.example./", NULL, NULL, 0 },
		{ "https://.x.example/", NULL, NULL, 0 },
		{ "https://x..example/", NULL, NULL, 0 },
		{ "https://x_y.example/", NULL, NULL, 0 },
		/* addresses, however they are written, and this host */
		{ "https://192.0.2.1/", NULL, NULL, 0 },
		{ "https://[2001:db8::1]/", NULL, NULL, 0 },
		{ "https://2130706433/", NULL, NULL, 0 },
		{ "https://0x7f.1/", NULL, NULL, 0 },
		{ "https://x.0x7f/", NULL, NULL, 0 },
		{ "https://localhost/", NULL, NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct weburi u;
		const bool ok = weburi_parse(slice_str(rows[i].text), &u);

		if (ok != (rows[i].host != NULL))
			fail_msg("%s", rows[i].text);
		if (!ok)
			continue;
		assert_true(slice_is(u.host, rows[i].host));
		assert_true(slice_is(u.path, rows[i].path));
		assert_int_equal(u.port, rows[i].port);
	}
}

static void
test_length(void **state)
{
	char text[WEBURI_MAX + 1];
	struct weburi u;

	(void)state;
	memset(text, 'a', sizeof text);
	memcpy(text, "https://x.example/", 18);
	assert_true(weburi_parse(slice_of(text, WEBURI_MAX), &u));
	assert_false(weburi_parse(slice_of(text, WEBURI_MAX + 1), &u));
	/* NUL */
	text[20] = '\0';
	assert_false(weburi_parse(slice_of(text, 30), &u));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uris),
		cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
