/* SPDX-License-Identifier: ISC */
#include "tls/privkey.h"

#include "tests/unit/tls/peer.h"

#include "tls/digest.h"

static struct identity rsa, ec;
static struct privkey *rsa_key, *ec_key;

static int
setup(void **state)
{
	(void)state;
	identity_make(&rsa, true, "rsa.example", 10);
	identity_make(&ec, false, "ec.example", 10);
	assert_int_equal(privkey_parse(buf_slice(&rsa.key), &rsa_key, NULL), 0);
	assert_int_equal(privkey_parse(buf_slice(&ec.key), &ec_key, NULL), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	privkey_free(&rsa_key);
	privkey_free(&ec_key);
	identity_free(&rsa);
	identity_free(&ec);
	return 0;
}

static void
test_ids_match(void **state)
{
	struct cert *c;

	(void)state;
	assert_int_equal(cert_parse(buf_slice(&rsa.cert), &c, NULL), 0);
	assert_string_equal(cert_key_id(c), privkey_id(rsa_key));
	assert_int_equal(cert_type(c), CERT_RSA);
	cert_free(&c);
	assert_int_equal(cert_parse(buf_slice(&ec.cert), &c, NULL), 0);
	assert_string_equal(cert_key_id(c), privkey_id(ec_key));
	assert_int_equal(cert_type(c), CERT_EC);
	cert_free(&c);
}

/* Only what has the form of a signature is signed. */
static void
test_forms(void **state)
{
	static const uint8_t sha256_head[19] = { 0x30, 0x31, 0x30, 0x0d, 0x06,
		0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
		0x05, 0x00, 0x04, 0x20 };
	char info[51] = { 0 }, block[256];
	const struct slice digest = SLICE("0123456789abcdef0123456789abcdef");
	struct buf sig;

	(void)state;
	buf_init(&sig, TLS_SIGNATURE_MAX);
	memcpy(info, sha256_head, sizeof sha256_head);
	assert_int_equal(privkey_sign(rsa_key, TLS_SIGN_RSA_PKCS1,
			     slice_of(info, 51), &sig, NULL),
	    0);
	assert_int_equal(sig.n, 256);
	buf_reset(&sig);
	assert_int_equal(privkey_sign(rsa_key, TLS_SIGN_RSA_PKCS1,
			     slice_of(info, 50), &sig, NULL),
	    -1);
	info[14] = 9;
	assert_int_equal(privkey_sign(rsa_key, TLS_SIGN_RSA_PKCS1,
			     slice_of(info, 51), &sig, NULL),
	    -1);
	assert_int_equal(
	    privkey_sign(rsa_key, TLS_SIGN_RSA_PKCS1, digest, &sig, NULL), -1);
	assert_int_equal(
	    privkey_sign(ec_key, TLS_SIGN_ECDSA, digest, &sig, NULL), 0);
	assert_true(sig.n > 60 && sig.n <= 72);
	buf_reset(&sig);
	/* the wrong kind of key; a block that is no PSS, as to decrypt */
	assert_int_equal(
	    privkey_sign(rsa_key, TLS_SIGN_ECDSA, digest, &sig, NULL), -1);
	memset(block, 0x42, sizeof block);
	block[255] = (char)0xbc;
	assert_int_equal(privkey_sign(rsa_key, TLS_SIGN_RSA_PSS,
			     slice_of(block, 256), &sig, NULL),
	    -1);
	assert_int_equal(privkey_sign(ec_key, TLS_SIGN_RSA_PSS,
			     slice_of(block, 256), &sig, NULL),
	    -1);
	assert_int_equal(sig.n, 0);
	buf_fini(&sig);
}

static void
test_parse(void **state)
{
	struct privkey *k;
	struct err err;

	(void)state;
	assert_int_equal(privkey_parse(SLICE(""), &k, &err), -1);
	assert_int_equal(privkey_parse(buf_slice(&ec.cert), &k, &err), -1);
	assert_int_equal(err.class, ERR_PERM);
	assert_null(k);
	/* a key behind its certificate, in one file */
	buf_add(&ec.cert, buf_slice(&ec.key));
	assert_int_equal(privkey_parse(buf_slice(&ec.cert), &k, &err), 0);
	privkey_free(&k);
	assert_null(k);
}

static void
test_cert_names(void **state)
{
	const struct slice alt[] = { SLICE("MAIL.example"),
		SLICE("*.wild.example"), SLICE("xn--grn-ioa.example") };
	struct buf pem, key, again;
	struct cert *c;

	(void)state;
	buf_init(&pem, CERT_PEM_MAX);
	buf_init(&key, CERT_PEM_MAX);
	buf_init(&again, CERT_PEM_MAX);
	assert_int_equal(
	    selfsigned_make(SLICE("example"), alt, 3, 10, &pem, &key, NULL), 0);
	assert_int_equal(cert_parse(buf_slice(&pem), &c, NULL), 0);
	assert_string_equal(cert_name(c, 0), "example");
	assert_string_equal(cert_name(c, 1), "mail.example");
	assert_string_equal(cert_name(c, 2), "*.wild.example");
	assert_null(cert_name(c, 4));
	assert_true(cert_matches(c, SLICE("Grün.example")));
	assert_false(cert_matches(c, SLICE("xn--grün.example")));
	assert_true(cert_matches(c, SLICE("Mail.Example")));
	assert_true(cert_matches(c, SLICE("a.wild.example")));
	assert_false(cert_matches(c, SLICE("wild.example")));
	assert_false(cert_matches(c, SLICE("a.b.wild.example")));
	assert_false(cert_matches(c, SLICE("")));
	assert_int_equal(
	    cert_not_after_s(c) - cert_not_before_s(c), 10 * 86400 + 3600);
	assert_int_equal(cert_chain_len(c), 1);
	cert_format(c, &again);
	assert_true(slice_eq(buf_slice(&again), buf_slice(&pem)));
	cert_free(&c);
	assert_null(c);
	buf_fini(&pem);
	buf_fini(&key);
	buf_fini(&again);
}

static void
test_chain(void **state)
{
	struct cert *c;
	struct buf many;

	(void)state;
	buf_init(&many, CERT_PEM_MAX);
	for (int i = 0; i < CERT_CHAIN_MAX; i++)
		buf_add(&many, buf_slice(&rsa.cert));
	assert_int_equal(cert_parse(buf_slice(&many), &c, NULL), 0);
	assert_int_equal(cert_chain_len(c), CERT_CHAIN_MAX);
	cert_free(&c);
	buf_add(&many, buf_slice(&rsa.cert));
	assert_int_equal(cert_parse(buf_slice(&many), &c, NULL), -1);
	assert_null(c);
	buf_fini(&many);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids_match),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_cert_names),
		cmocka_unit_test(test_chain),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
