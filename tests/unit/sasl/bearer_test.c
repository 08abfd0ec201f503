/* SPDX-License-Identifier: ISC */
#include "sasl/bearer.h"

#include "tests/unit.h"

#include "base/mem.h"

/* "|" stands for the separator, ^A. */
/* clang-format off */
static const struct {
	bool xoauth2;
	const char *text;
	const char *name, *token; /* NULL: refused */
} rows[] = {
	{ false, "n,a=user@example.com,|host=h|port=143|auth=Bearer vF9dft4qmT||", "user@example.com", "vF9dft4qmT" },
	{ false, "n,,|auth=Bearer a.b-c_d~e+f/g==||", "", "a.b-c_d~e+f/g==" },
	{ false, "y,,|AUTH=bearer   x||", "", "x" },
	{ false, "n,a=a=3Db,|auth=Bearer x||", "a=b", "x" },
	{ false, "p=tls-exporter,,|auth=Bearer x||", NULL, NULL },
	{ false, "n,,|auth=Bearer x|", NULL, NULL },
	{ false, "n,,|auth=Bearer x||y", NULL, NULL },
	{ false, "n,,auth=Bearer x||", NULL, NULL },
	{ false, "n,,||", NULL, NULL },
	{ false, "n,,|", NULL, NULL },
	{ false, "", NULL, NULL },
	{ false, "|", NULL, NULL },
	{ false, "n,,|host=h||", NULL, NULL },
	{ false, "n,,|auth=Basic x||", NULL, NULL },
	{ false, "n,,|auth=Bearer||", NULL, NULL },
	{ false, "n,,|auth=Bearer ||", NULL, NULL },
	{ false, "n,,|auth=BearerX||", NULL, NULL },
	{ false, "n,,|auth=Bearer x y||", NULL, NULL },
	{ false, "n,,|auth=Bearer x|auth=Bearer y||", NULL, NULL },
	{ false, "n,,|=Bearer x||", NULL, NULL },
	{ false, "n,,|auth|auth=Bearer x||", NULL, NULL },
	{ true, "user=someone@example.com|auth=Bearer ya29.vF||", "someone@example.com", "ya29.vF" },
	{ true, "auth=Bearer x|user=a||", "a", "x" },
	{ true, "user=a|auth=Bearer x|", NULL, NULL },
	{ true, "auth=Bearer x||", NULL, NULL },
	{ true, "user=|auth=Bearer x||", NULL, NULL },
	{ true, "user=a||", NULL, NULL },
	{ true, "user=a|user=b|auth=Bearer x||", NULL, NULL },
	{ true, "user=\xff|auth=Bearer x||", NULL, NULL },
	{ true, "n,,|auth=Bearer x||", NULL, NULL },
};
/* clang-format on */

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf in = { .max = 200 }, name = { .max = 50 };
		struct buf token = { .max = 50 };
		bool ok;

		buf_adds(&in, rows[i].text);
		for (size_t k = 0; k < in.n; k++)
			if (in.p[k] == '|')
				in.p[k] = '\1';
		ok = rows[i].xoauth2
			 ? bearer_parse_xoauth2(buf_slice(&in), &name, &token)
			 : bearer_parse(buf_slice(&in), &name, &token);
		if (ok != (rows[i].name != NULL))
			fail_msg("%s", rows[i].text);
		if (ok) {
			assert_string_equal(buf_cstr(&name), rows[i].name);
			assert_string_equal(buf_cstr(&token), rows[i].token);
		}
		buf_fini(&in);
		buf_fini(&name);
		buf_fini(&token);
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
