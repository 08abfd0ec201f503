/* SPDX-License-Identifier: ISC */
#include "tls/mailkey.h"

#include "tests/unit.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "tls/pubkey.h"
#include "tls/selfsigned.h"

static const uint8_t digest[32] = "0123456789abcdef0123456789abcde";

/* What is made can be read, and what it signs verifies with its record. */
static void
test_round(void **state)
{
	static const enum mailkey_type types[] = { MAILKEY_RSA,
		MAILKEY_ED25519 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct buf pem = { .max = MAILKEY_PEM_MAX };
		struct buf p = { .max = 4096 }, der = { .max = 4096 };
		struct buf sig = { .max = MAILKEY_SIGNATURE_MAX };
		struct tls_pubkey *pub;
		struct mailkey *k;
		struct err err;

		assert_int_equal(mailkey_make(types[i], &pem, &err), 0);
		assert_int_equal(mailkey_parse(buf_slice(&pem), &k, &err), 0);
		assert_int_equal(mailkey_type(k), types[i]);
		mailkey_public(k, &p);
		assert_true(base64_decode(&der, buf_slice(&p)));
		pub = types[i] == MAILKEY_RSA
			  ? tls_pubkey_der(buf_slice(&der), &err)
			  : tls_pubkey_ed25519(buf_slice(&der), &err);
		assert_non_null(pub);
		assert_int_equal(mailkey_sign(k, digest, &sig, &err), 0);
		if (types[i] == MAILKEY_ED25519) {
			assert_true(tls_pubkey_verify(pub,
			    slice_of(digest, sizeof digest), buf_slice(&sig)));
		} else {
			assert_int_equal(tls_pubkey_bits(pub), 2048);
			assert_int_equal(sig.n, 256);
		}
		tls_pubkey_free(&pub);
		mailkey_free(&k);
		assert_null(k);
		buf_fini(&pem);
		buf_fini(&p);
		buf_fini(&der);
		buf_fini(&sig);
	}
}

static void
refused(struct slice pem)
{
	struct err err = { .class = ERR_NONE };
	struct mailkey *k;

	assert_int_equal(mailkey_parse(pem, &k, &err), -1);
	assert_int_equal(err.class, ERR_PERM);
	assert_null(k);
}

static void
write_key(EVP_PKEY *key, const EVP_CIPHER *cipher, struct buf *out)
{
	unsigned char word[] = "word";
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	long n;

	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, cipher,
			     cipher != NULL ? (char *)word : NULL,
			     cipher != NULL ? 4 : 0, NULL, NULL),
	    1);
	n = BIO_get_mem_data(bio, &p);
	buf_add(out, slice_of(p, (size_t)n));
	BIO_free(bio);
}

static void
test_refused(void **state)
{
	EVP_PKEY *weak = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct buf cert = { .max = 65536 }, ec = { .max = 65536 };
	struct buf out = { .max = 65536 };

	(void)state;
	refused(SLICE(""));
	refused(SLICE("not a key"));
	refused(SLICE("-----BEGIN PRIVATE KEY-----\nAAAA\n"
		      "-----END PRIVATE KEY-----\n"));
	write_key(weak, NULL, &out);
	refused(buf_slice(&out));
	buf_reset(&out);
	write_key(ed, EVP_aes_128_cbc(), &out);
	refused(buf_slice(&out));
	assert_int_equal(
	    selfsigned_make(SLICE("x.example"), NULL, 0, 1, &cert, &ec, NULL),
	    0);
	refused(buf_slice(&ec));
	refused(buf_slice(&cert));
	buf_fini(&cert);
	buf_fini(&ec);
	buf_fini(&out);
	EVP_PKEY_free(weak);
	EVP_PKEY_free(ed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
