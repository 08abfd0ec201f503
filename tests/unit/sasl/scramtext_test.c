/* SPDX-License-Identifier: ISC */
#include "sasl/scramtext.h"

#include "tests/unit.h"

#include "base/mem.h"

/* clang-format off */
static const struct {
	const char *text;
	char flag; /* '\0': refused */
	const char *binding, *header, *bare, *nonce, *authzid, *login;
} firsts[] = {
	{ "n,,n=user,r=abc", 'n', "", "n,,", "n=user,r=abc", "abc", "", "user" },
	{ "y,,n=user,r=abc", 'y', "", "y,,", "n=user,r=abc", "abc", "", "user" },
	{ "p=tls-exporter,,n=u,r=!$%~", 'p', "tls-exporter", "p=tls-exporter,,", "n=u,r=!$%~", "!$%~", "", "u" },
	{ "n,a=bob,n=user,r=abc", 'n', "", "n,a=bob,", "n=user,r=abc", "abc", "bob", "user" },
	{ "n,a==2C=3D,n=a=3Db=2Cc,r=x", 'n', "", "n,a==2C=3D,", "n=a=3Db=2Cc,r=x", "x", ",=", "a=b,c" },
	{ "n,,n=\xc3\xa9,r=x,e=more,f=it", 'n', "", "n,,", "n=\xc3\xa9,r=x,e=more,f=it", "x", "", "\xc3\xa9" },
	{ "", 0, 0, 0, 0, 0, 0, 0 },
	{ "n", 0, 0, 0, 0, 0, 0, 0 },
	{ "n,,", 0, 0, 0, 0, 0, 0, 0 },
	{ "N,,n=user,r=abc", 0, 0, 0, 0, 0, 0, 0 },
	{ "x,,n=user,r=abc", 0, 0, 0, 0, 0, 0, 0 },
	{ "n=tls-exporter,,n=user,r=abc", 0, 0, 0, 0, 0, 0, 0 },
	{ "p,,n=user,r=abc", 0, 0, 0, 0, 0, 0, 0 },
	{ "p=,,n=user,r=abc", 0, 0, 0, 0, 0, 0, 0 },
	{ "p=a b,,n=user,r=abc", 0, 0, 0, 0, 0, 0, 0 },
	{ "n,b=bob,n=user,r=abc", 0, 0, 0, 0, 0, 0, 0 },
	{ "n,a=,n=user,r=abc", 0, 0, 0, 0, 0, 0, 0 },
	{ "n,,n=,r=abc", 0, 0, 0, 0, 0, 0, 0 },
	{ "n,,n=us=er,r=abc", 0, 0, 0, 0, 0, 0, 0 },
	{ "n,,n=user=2,r=abc", 0, 0, 0, 0, 0, 0, 0 },
	{ "n,,n=\xff,r=abc", 0, 0, 0, 0, 0, 0, 0 },
	{ "n,,m=ext,n=user,r=abc", 0, 0, 0, 0, 0, 0, 0 },
	{ "n,,r=abc,n=user", 0, 0, 0, 0, 0, 0, 0 },
	{ "n,,n=user", 0, 0, 0, 0, 0, 0, 0 },
	{ "n,,n=user,r=", 0, 0, 0, 0, 0, 0, 0 },
	{ "n,,n=user,r=a b", 0, 0, 0, 0, 0, 0, 0 },
	{ "n,,n=user,r=a,", 0, 0, 0, 0, 0, 0, 0 },
	{ "n,,n=user,r=a,1=x", 0, 0, 0, 0, 0, 0, 0 },
	{ "n,,n=user,r=a,e=", 0, 0, 0, 0, 0, 0, 0 },
};

static const struct {
	const char *text;
	const char *binding, *nonce, *without, *proof; /* NULL: refused */
} finals[] = {
	{ "c=biws,r=abc,p=cHJvb2Y=", "biws", "abc", "c=biws,r=abc", "cHJvb2Y=" },
	{ "c=biws,r=abc,x=y,p=AA==", "biws", "abc", "c=biws,r=abc,x=y", "AA==" },
	{ "", NULL, NULL, NULL, NULL },
	{ "c=biws,r=abc", NULL, NULL, NULL, NULL },
	{ "c=biws,r=abc,p=", NULL, NULL, NULL, NULL },
	{ "c=biws,r=abc,p=a b", NULL, NULL, NULL, NULL },
	{ "c=biws,r=abc,p=AA==,x=y", NULL, NULL, NULL, NULL },
	{ "c=,r=abc,p=AA==", NULL, NULL, NULL, NULL },
	{ "c=bi ws,r=abc,p=AA==", NULL, NULL, NULL, NULL },
	{ "r=abc,c=biws,p=AA==", NULL, NULL, NULL, NULL },
	{ "c=biws,p=AA==", NULL, NULL, NULL, NULL },
	{ "c=biws,r=,p=AA==", NULL, NULL, NULL, NULL },
	{ "m=x,c=biws,r=abc,p=AA==", NULL, NULL, NULL, NULL },
	{ "C=biws,r=abc,p=AA==", NULL, NULL, NULL, NULL },
	{ "p=AA==", NULL, NULL, NULL, NULL },
};
/* clang-format on */

static void
test_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
		struct buf authzid = { .max = 50 }, login = { .max = 50 };
		struct scram_first f;
		const bool ok = scramtext_first(
		    slice_str(firsts[i].text), &f, &authzid, &login);

		if (ok != (firsts[i].flag != '\0'))
			fail_msg("%s", firsts[i].text);
		if (ok) {
			assert_int_equal(f.flag, firsts[i].flag);
			assert_true(slice_is(f.binding, firsts[i].binding));
			assert_true(slice_is(f.header, firsts[i].header));
			assert_true(slice_is(f.bare, firsts[i].bare));
			assert_true(slice_is(f.nonce, firsts[i].nonce));
			assert_string_equal(
			    buf_cstr(&authzid), firsts[i].authzid);
			assert_string_equal(buf_cstr(&login), firsts[i].login);
		}
		buf_fini(&authzid);
		buf_fini(&login);
	}
}

static void
test_final(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(finals); i++) {
		struct scram_final f;

		if (scramtext_final(slice_str(finals[i].text), &f) !=
		    (finals[i].nonce != NULL))
			fail_msg("%s", finals[i].text);
		if (finals[i].nonce == NULL)
			continue;
		assert_true(slice_is(f.binding, finals[i].binding));
		assert_true(slice_is(f.nonce, finals[i].nonce));
		assert_true(slice_is(f.without_proof, finals[i].without));
		assert_true(slice_is(f.proof, finals[i].proof));
	}
}

/* Names and nonces have an end. */
static void
test_limits(void **state)
{
	struct buf authzid = { .max = 4 }, login = { .max = 4 };
	struct buf text = { .max = 1000 };
	struct scram_first f;

	(void)state;
	assert_false(
	    scramtext_first(SLICE("n,,n=alice,r=x"), &f, &authzid, &login));
	buf_adds(&text, "n,,n=a,r=");
	for (int i = 0; i <= SCRAM_NONCE_MAX; i++)
		buf_addc(&text, 'x');
	buf_reset(&login);
	assert_false(scramtext_first(buf_slice(&text), &f, &authzid, &login));
	buf_reset(&login);
	buf_truncate(&text, text.n - 1);
	assert_true(scramtext_first(buf_slice(&text), &f, &authzid, &login));
	buf_reset(&login);
	assert_false(
	    scramtext_first(SLICE("n,,n=a\0b,r=x"), &f, &authzid, &login));
	buf_fini(&authzid);
	buf_fini(&login);
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_final),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
