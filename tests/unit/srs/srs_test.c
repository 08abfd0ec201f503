/* SPDX-License-Identifier: ISC */
#include "srs/srs.h"

#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "proto/address.h"

enum { DAY_S = 24 * 3600, ROUNDS = 20000 };

static unsigned seed;

static const int64_t now_s = 1796108167;
static const struct slice secrets[] = { { "secret-of-pabal", 15 },
	{ "before", 6 } };

static const char *const words[SRS_RESULTS] = {
	[SRS_NONE] = "none",
	[SRS_LONG] = "long",
	[SRS_FORGED] = "forged",
	[SRS_EXPIRED] = "expired",
};

static const char *
forward(const char *sender)
{
	static char text[ADDRESS_MAX + 1];
	struct buf out = { .max = ADDRESS_MAX };
	const enum srs rc = srs_forward(
	    slice_str(sender), SLICE("our.example"), secrets[0], now_s, &out);

	assert_true((rc == SRS_DONE) == (out.n > 0));
	assert_true(slice_copy(buf_slice(&out), text, sizeof text));
	buf_fini(&out);
	return rc == SRS_DONE ? text : words[rc];
}

static const char *
reverse_at(const char *address, size_t n, int64_t at_s)
{
	static char text[ADDRESS_MAX + 1];
	struct buf out = { .max = ADDRESS_MAX };
	const enum srs rc =
	    srs_reverse(slice_str(address), secrets, n, at_s, &out);

	assert_true((rc == SRS_DONE) == (out.n > 0));
	assert_true(slice_copy(buf_slice(&out), text, sizeof text));
	buf_fini(&out);
	return rc == SRS_DONE ? text : words[rc];
}

/* Those of dot-strings as postsrsd 1.10 makes them. */
/* clang-format off */
static const struct {
	const char *sender, *made;
	const char *back; /* NULL: the sender */
} rows[] = {
	{ "user@a.example", "SRS0=2lvs=JU=a.example=user@our.example", NULL },
	{ "lo=cal+tag@b.example", "SRS0=Uynj=JU=b.example=lo=cal+tag@our.example", NULL },
	{ "User@a.example", "SRS0=2lvs=JU=a.example=User@our.example", NULL },
	{ "SRS0=abcd=EF=x.example=joe@fwd.example", "SRS1=2BUF=fwd.example==abcd=EF=x.example=joe@our.example", NULL },
	{ "SRS0+abcd=EF=x.example=joe@fwd.example", "SRS1=gBiH=fwd.example=+abcd=EF=x.example=joe@our.example", NULL },
	/* Reports go past the host between. */
	{ "SRS1=abcd=x.example==zzzz=EF=y.example=joe@fwd.example",
	  "SRS1=eoAp=x.example==zzzz=EF=y.example=joe@our.example", "SRS0=zzzz=EF=y.example=joe@x.example" },
	/* By its looks alone. */
	{ "SRS1=none@fwd.example", "SRS0=6VLh=JU=fwd.example=SRS1=none@our.example", NULL },
	{ "srs0@a.example", "SRS0=7tuh=JU=a.example=srs0@our.example", NULL },
	{ "\"a b\"@a.example", "\"SRS0=s8v8=JU=a.example=a b\"@our.example", NULL },
	{ "\"a\\\"\\\\b\"@a.example", "\"SRS0=iEhN=JU=a.example=a\\\"\\\\b\"@our.example", NULL },
	{ "x@[192.0.2.1]", "\"SRS0=1O5o=JU=[192.0.2.1]=x\"@our.example", NULL },
	{ "", "none", NULL },
	{ "postmaster", "none", NULL },
	/* 64 octets, and one more. */
	{ "a2345678901234567890123456789012345678901@a.example",
	  "SRS0=Arah=JU=a.example=a2345678901234567890123456789012345678901@our.example", NULL },
	{ "a23456789012345678901234567890123456789012@a.example", "long", NULL },
	{ "\"a 34567890123456789012345678901234567\\\"\"@a.example", "\"SRS0=VaSX=JU=a.example=a 34567890123456789012345678901234567\\\"\"@our.example", NULL },
	{ "\"a 345678901234567890123456789012345678\\\"\"@a.example", "long", NULL },
};
/* clang-format on */

static void
test_forward(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *made = forward(rows[i].sender);

		assert_string_equal(made, rows[i].made);
		if (strchr(made, '@') == NULL)
			continue;
		assert_true(srs_is(slice_str(made)));
		assert_string_equal(reverse_at(made, 1, now_s),
		    rows[i].back != NULL ? rows[i].back : rows[i].sender);
	}
}

/* clang-format off */
static const struct {
	const char *address, *back;
} back[] = {
	/* Hosts fold case. */
	{ "srs0=2lvs=ju=a.example=user@our.example", "user@a.example" },
	{ "SRS0=2LVS=JU=A.EXAMPLE=USER@our.example", "USER@a.example" },
	{ "srs1=2buf=fwd.example==abcd=ef=x.example=joe@our.example", "SRS0=abcd=ef=x.example=joe@fwd.example" },
	/* More of the hash may be there, less not. */
	{ "SRS0=2lvsHRC=JU=a.example=user@our.example", "user@a.example" },
	{ "SRS0=2lvsx=JU=a.example=user@our.example", "forged" },
	{ "SRS0=2lv=JU=a.example=user@our.example", "forged" },
	{ "SRS0==JU=a.example=user@our.example", "forged" },
	{ "SRS0=2lvt=JU=a.example=user@our.example", "forged" },
	{ "SRS0=2lvs=JV=a.example=user@our.example", "forged" },
	{ "SRS0=2lvs=JU=b.example=user@our.example", "forged" },
	{ "SRS0=2lvs=JU=a.example=uses@our.example", "forged" },
	{ "SRS0=2lvs=JU=a.example=user", "user@a.example" },
	{ "SRS0=x@our.example", "forged" },
	{ "SRS0===@our.example", "forged" },
	{ "SRS1=2BUF=fwd.example=abcd=EF=x.example=joe@our.example", "forged" },
	{ "SRS1=2BUG=fwd.example==abcd=EF=x.example=joe@our.example", "forged" },
	{ "SRS1=2BUF@our.example", "forged" },
	/* One of another kind is no address of this scheme. */
	{ "SRS0+2lvs=JU=a.example=user@our.example", "none" },
	{ "SRS0=@our.example", "none" },
	{ "srs0@our.example", "none" },
	{ "SRS2=2lvs=JU=a.example=user@our.example", "none" },
	{ "x@our.example", "none" },
	{ "", "none" },
};
/* clang-format on */

static void
test_reverse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(back); i++)
		assert_string_equal(
		    reverse_at(back[i].address, 2, now_s), back[i].back);
}

static void
test_expires(void **state)
{
	static const char made[] = "SRS0=2lvs=JU=a.example=user@our.example";
	static const struct {
		int days;
		bool good;
	} ages[] = { { 0, true }, { 21, true }, { 22, false }, { -1, true },
		{ -2, false }, { 500, false }, { 1022, false },
		/* The days have begun anew. */
		{ 1024, true } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ages); i++)
		assert_string_equal(
		    reverse_at(made, 1, now_s + ages[i].days * DAY_S),
		    ages[i].good ? "user@a.example" : "expired");
}

static void
test_secrets(void **state)
{
	struct buf out = { .max = ADDRESS_MAX };

	(void)state;
	assert_int_equal(srs_forward(SLICE("u@a.example"), SLICE("o.example"),
			     secrets[1], now_s, &out),
	    SRS_DONE);
	assert_string_equal(
	    reverse_at(buf_cstr(&out), 2, now_s), "u@a.example");
	assert_string_equal(reverse_at(buf_cstr(&out), 1, now_s), "forged");
	assert_string_equal(reverse_at(buf_cstr(&out), 0, now_s), "forged");
	buf_fini(&out);
}

/* ---- a law: back is where it came from ---- */

static unsigned
below(unsigned n)
{
	return (unsigned)rand_r(&seed) % n;
}

static void
any_address(struct buf *out)
{
	static const char *const some[] = { "a", "B", "srs0",
		"SRS1=", "SRS0=", "=", "+", "-", ".", " ", "\\\"", "\\\\",
		"\xc3\xa4", "@", "xyz", "JU=", "==" };
	static const char *const domains[] = { "a.example", "b.c.example",
		"[192.0.2.1]", "[IPv6:2001:db8::1]", "x" };
	struct buf text = { .max = ADDRESS_MAX };
	const unsigned n = 1 + below(8);

	buf_addc(&text, '"');
	for (unsigned i = 0; i < n; i++)
		buf_adds(&text, some[below(ARRAY_LEN(some))]);
	buf_addf(&text, "\"@%s", domains[below(ARRAY_LEN(domains))]);
	assert_true(address_parse(buf_slice(&text), ADDRESS_UTF8, out));
	buf_fini(&text);
}

static void
fold(struct buf *text)
{
	const bool upper = below(2) == 0;

	for (size_t i = 0; i < text->n; i++)
		text->p[i] =
		    upper ? ascii_upper(text->p[i]) : ascii_lower(text->p[i]);
}

/* With or without a quote. */
static bool
begins(const struct buf *address, const char *tag)
{
	struct slice s = buf_slice(address);

	if (slice_starts(s, SLICE("\"")))
		s = slice_from(s, 1);
	return slice_istarts(s, slice_str(tag));
}

/* Y was made of X; it may be folded on its way.  Of a third host's only the way
 * is another. */
static void
leads_back(const struct buf *x, struct buf *y, struct buf *z)
{
	const bool first = begins(x, "SRS0");
	const bool folded = below(2) == 0;

	if (folded)
		fold(y);
	assert_int_equal(
	    srs_reverse(buf_slice(y), secrets, 2, now_s + below(20) * DAY_S, z),
	    SRS_DONE);
	if (begins(y, "SRS1") && !first)
		return;
	assert_true(folded || first ? slice_ieq(buf_slice(x), buf_slice(z))
				    : slice_eq(buf_slice(x), buf_slice(z)));
}

static void
test_law(void **state)
{
	unsigned done = 0;

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct buf x = { .max = ADDRESS_MAX }, y = x, z = x;

		any_address(&x);
		if (srs_forward(buf_slice(&x), SLICE("o.example"), secrets[0],
			now_s, &y) == SRS_DONE) {
			leads_back(&x, &y, &z);
			done++;
		} else {
			assert_int_equal(y.n, 0);
		}
		buf_fini(&x);
		buf_fini(&y);
		buf_fini(&z);
	}
	assert_true(done > ROUNDS / 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forward),
		cmocka_unit_test(test_reverse),
		cmocka_unit_test(test_expires),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_law),
	};
	const char *given = getenv("PABAL_SEED");

	seed = given != NULL ? (unsigned)strtoul(given, NULL, 10)
			     : (unsigned)time(NULL);
	printf("PABAL_SEED=%u\n", seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
