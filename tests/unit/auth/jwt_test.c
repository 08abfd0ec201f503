/* SPDX-License-Identifier: ISC */
#include "auth/jwt.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "tests/vectors/jwt.h"
#include "tls/pubkey.h"

static const struct jwt_rules rules = {
	.issuer = "https://idp.test",
	.audience = "mail",
	.scope = "mail",
	.account_claim = "email",
	.now_s = JWT_NOW,
	.skew_s = 60,
};

static void
test_tokens(void **state)
{
	struct jwt_keys keys;

	(void)state;
	assert_int_equal(jwt_keys_parse(slice_str(jwt_set), &keys, NULL), 0);
	assert_int_equal(keys.n, 3);
	for (size_t i = 0; i < ARRAY_LEN(jwt_rows); i++) {
		const struct jwt_row *row = &jwt_rows[i];
		struct buf account = { .max = 100 };
		const char *wrong =
		    jwt_check(&keys, &rules, slice_str(row->token), &account);

		if ((wrong == NULL) != (row->wrong == NULL) ||
		    (wrong != NULL && strcmp(wrong, row->wrong) != 0))
			fail_msg("%s: %s", row->name, wrong);
		if (wrong == NULL)
			assert_string_equal(buf_cstr(&account), "alice@a.test");
		buf_fini(&account);
	}
	jwt_keys_fini(&keys);
}

static const char *
first_with(
    const struct jwt_keys *keys, const struct jwt_rules *r, struct buf *account)
{
	buf_reset(account);
	return jwt_check(keys, r, slice_str(jwt_rows[1].token), account);
}

/* What is not asked for need not be there; another claim may name the account.
 */
static void
test_rules(void **state)
{
	struct jwt_rules r = { "", "", "", "iss", JWT_NOW, 0 };
	struct buf account = { .max = 100 }, small = { .max = 4 };
	struct jwt_keys keys;

	(void)state;
	assert_int_equal(jwt_keys_parse(slice_str(jwt_pem), &keys, NULL), 0);
	assert_int_equal(keys.n, 2);
	assert_null(first_with(&keys, &r, &account));
	assert_string_equal(buf_cstr(&account), "https://idp.test");
	r.now_s = JWT_NOW + 3600;
	assert_string_equal(first_with(&keys, &r, &account), "exp");
	r.now_s = JWT_NOW;
	assert_string_equal(first_with(&keys, &r, &small), "iss");
	r.account_claim = "sub";
	assert_string_equal(first_with(&keys, &r, &account), "sub");
	jwt_keys_fini(&keys);
	assert_string_equal(first_with(&keys, &r, &account), "signature");
	buf_fini(&account);
	buf_fini(&small);
}

/* clang-format off */
static const char *const no_keys[] = {
	"",
	"{",
	"{}",
	"{\"keys\":[]}",
	"{\"keys\":{}}",
	"{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}",
	"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
	"{\"kty\":\"RSA\",\"n\":\"!\",\"e\":\"AQAB\"}",
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\"}",
	"{\"kty\":\"EC\",\"crv\":\"P-256\","
	  "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
	  "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
	"{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"AAAA\",\"y\":\"AAAA\"}",
	"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}",
	("{\"kty\":\"OKP\",\"crv\":\"X25519\","
	  "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"),
	"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
	"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	"some text",
};
/* clang-format on */

static void
test_no_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(no_keys); i++) {
		struct jwt_keys keys;
		struct err err;

		if (jwt_keys_parse(slice_str(no_keys[i]), &keys, &err) != -1)
			fail_msg("%s", no_keys[i]);
		assert_int_equal(err.class, ERR_PERM);
		assert_int_equal(keys.n, 0);
	}
}

static void
test_too_many(void **state)
{
	struct buf text = { .max = 100000 };
	struct jwt_keys keys;
	struct err err;

	(void)state;
	for (int i = 0; i <= JWT_KEYS_MAX; i++)
		buf_adds(&text, jwt_pem);
	assert_int_equal(jwt_keys_parse(buf_slice(&text), &keys, &err), -1);
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_no_keys),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
