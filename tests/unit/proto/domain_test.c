/* SPDX-License-Identifier: ISC */
#include "proto/domain.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "proto/address.h"

/* clang-format off */
static const struct {
	const char *domain;
	const char *ascii; /* NULL: none */
} rows[] = {
	{ "",                      "" },
	{ "Example.ORG",           "example.org" },
	{ "grün.example",          "xn--grn-ioa.example" },
	{ "GRÜN.Example",          "xn--grn-ioa.example" },
	{ "gru\xCC\x88n.example",  "xn--grn-ioa.example" }, /* decomposed */
	{ "XN--GRN-IOA.example",   "xn--grn-ioa.example" },
	{ "faß.example",           "xn--fa-hia.example" },
	{ "日本語.jp",             "xn--wgv71a119e.jp" },
	{ "日本語。jp",            "xn--wgv71a119e.jp" }, /* its own full stop */
	{ "한국.한국",             "xn--3e0b707e.xn--3e0b707e" },
	{ ".grün.example",         ".xn--grn-ioa.example" },
	{ "*.grün.example",        "*.xn--grn-ioa.example" },
	{ "a_b.r3---x.grün.test",  "a_b.r3---x.xn--grn-ioa.test" },
	{ "grün.",                 "xn--grn-ioa." },
	{ "..",                    ".." },
	{ "[IPv6:2001:DB8::1]",    "[ipv6:2001:db8::1]" },
	{ "i❤.example",            NULL }, /* none of IDNA2008 */
	{ "xn--grün.example",      NULL },
	{ "＠ü.example",           NULL }, /* would be an @ */
	{ "ü\xFF.example",         NULL },
	{ "\xC3",                  NULL },
	{ "üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü.example", NULL },
};
/* clang-format on */

static void
test_to_ascii(void **state)
{
	struct buf out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_init(&out, ADDRESS_MAX);
		buf_adds(&out, "x@");
		if (rows[i].ascii == NULL) {
			assert_false(
			    domain_to_ascii(slice_str(rows[i].domain), &out));
			assert_string_equal(buf_cstr(&out), "x@");
		} else {
			assert_true(
			    domain_to_ascii(slice_str(rows[i].domain), &out));
			assert_string_equal(buf_cstr(&out) + 2, rows[i].ascii);
		}
		buf_fini(&out);
	}
}

/* Never longer than a domain, whatever it was made from. */
static void
test_length(void **state)
{
	struct buf in, out;

	(void)state;
	buf_init(&in, 2000);
	buf_init(&out, 2000);
	while (in.n < 240)
		buf_adds(&in, "ü.");
	assert_false(domain_to_ascii(buf_slice(&in), &out));
	buf_reset(&in);
	while (in.n < ADDRESS_DOMAIN_MAX)
		buf_addc(&in, 'a');
	assert_true(domain_to_ascii(buf_slice(&in), &out));
	buf_reset(&out);
	buf_addc(&in, 'a');
	assert_false(domain_to_ascii(buf_slice(&in), &out));
	assert_int_equal(out.n, 0);
	buf_fini(&in);
	buf_fini(&out);
}

static void
test_same(void **state)
{
	(void)state;
	assert_true(domain_same(SLICE("Grün.test"), SLICE("xn--GRN-ioa.test")));
	assert_true(domain_same(SLICE("A.test"), SLICE("a.test")));
	assert_true(domain_same(SLICE(""), SLICE("")));
	assert_false(domain_same(SLICE("grün.test"), SLICE("grun.test")));
	assert_false(domain_same(SLICE("i❤.test"), SLICE("i❤.test")));
}

static void
test_address(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, ADDRESS_MAX);
	assert_true(domain_address_to_ascii(SLICE("Jörg@Grün.example"), &out));
	assert_string_equal(buf_cstr(&out), "Jörg@xn--grn-ioa.example");
	buf_reset(&out);
	assert_true(
	    domain_address_to_ascii(SLICE("\"a@ü\"@grün.example"), &out));
	assert_string_equal(buf_cstr(&out), "\"a@ü\"@xn--grn-ioa.example");
	buf_reset(&out);
	assert_true(domain_address_to_ascii(SLICE("postmaster"), &out));
	assert_string_equal(buf_cstr(&out), "postmaster");
	buf_reset(&out);
	assert_true(domain_address_to_ascii(SLICE(""), &out));
	assert_false(domain_address_to_ascii(SLICE("a@i❤.example"), &out));
	assert_int_equal(out.n, 0);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_to_ascii),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
