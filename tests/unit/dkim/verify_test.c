/* SPDX-License-Identifier: ISC */
#include "dkim/verify.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "tests/dkim.h"
#include "tests/vectors/dkim.h"
#include "tls/pubkey.h"

static const int64_t now_s = 1528637909;

/* RFC 8463: both signatures are good, and signing again gives the same bytes
 * (Ed25519 is deterministic). */
static void
test_sample(void **state)
{
	struct buf seed = { .max = 64 }, input = { .max = 9999 };
	struct buf sig = { .max = 999 }, text = { .max = 999 };
	struct dkim_verdict v[16];
	struct dkim_message m;
	uint8_t digest[DIGEST_MAX];
	EVP_PKEY *key;

	(void)state;
	dkim_message_init(&m, &dkim_limits_default);
	dkim_test_read(&m, slice_str(dkim_message), 7);
	assert_int_equal(dkim_test_verify(&m, dkim_zone, now_s, v), 2);
	assert_int_equal(v[0].result, DKIM_PASS);
	assert_int_equal(v[1].result, DKIM_PASS);
	assert_int_equal(v[1].key_bits, 1024);
	assert_true(slice_is(v[0].sig->domain, "football.example.com"));
	assert_true(slice_is(v[0].sig->selector, "brisbane"));
	assert_true(slice_is(v[0].sig->start, "/gCrinpc"));

	assert_true(base64_decode(&seed, slice_str(dkim_seed)));
	key = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, (const unsigned char *)seed.p, seed.n);
	assert_non_null(key);
	dkim_message_input(&m, v[0].sig->head, v[0].sig->names,
	    v[0].sig->nnames, v[0].sig->raw, &input);
	digest_of(DIGEST_SHA256, buf_slice(&input), digest);
	dkim_test_sign(key, digest, &sig);
	base64_encode(&text, buf_slice(&sig));
	assert_true(slice_is(buf_slice(&text),
	    "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus"
	    "Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="));
	EVP_PKEY_free(key);
	buf_fini(&seed);
	buf_fini(&input);
	buf_fini(&sig);
	buf_fini(&text);
	dkim_message_fini(&m);
}

/* The same with LF for CRLF, and with a limit above its RSA key. */
static void
test_sample_otherwise(void **state)
{
	struct dkim_limits limits = dkim_limits_default;
	struct dkim_verdict v[16];
	struct dkim_message m;
	struct buf lf = { .max = 9999 };

	(void)state;
	limits.key_bits_min = 2048;
	for (const char *p = dkim_message; *p != '\0'; p++)
		if (*p != '\r')
			buf_addc(&lf, *p);
	dkim_message_init(&m, &limits);
	dkim_test_read(&m, buf_slice(&lf), 1);
	assert_int_equal(dkim_test_verify(&m, dkim_zone, now_s, v), 2);
	assert_int_equal(v[0].result, DKIM_PASS);
	assert_int_equal(v[1].result, DKIM_POLICY);
	dkim_message_fini(&m);
	buf_fini(&lf);
}

/* What is wrong with a field, a key or a body, and what comes of it. */
#define TAGS_WITHOUT_D                                                         \
	"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; s=test; "       \
	"h=from; bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b=AAAA; "
#define TAGS_WITHOUT_S                                                         \
	"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; h=from; "       \
	"bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b=AAAA; "            \
	"d=football.example.com; "
#define TAGS TAGS_WITHOUT_D "d=football.example.com; "

static void
test_fields(void **state)
{
	static const struct {
		const char *field;
		enum dkim_result result;
		const char *why;
	} rows[] = {
		{ TAGS "x=1; t=0", DKIM_POLICY, "expired" },
		{ TAGS "t=1528638300", DKIM_POLICY, "signed in the future" },
		{ TAGS "x=5; t=9", DKIM_NEUTRAL, "x= is before t=" },
		{ TAGS "x=soon", DKIM_NEUTRAL, "t= or x= is no time" },
		{ TAGS "l=5", DKIM_POLICY,
		    "l= leaves a part of the body unsigned" },
		{ TAGS "l=500000", DKIM_PERMERROR,
		    "l= is more than the body has" },
		{ TAGS "l=x", DKIM_NEUTRAL, "l= is no length" },
		{ TAGS "i=joe@elsewhere.example", DKIM_PERMERROR,
		    "i= is not of the domain d=" },
		{ TAGS "i=@xfootball.example.com", DKIM_PERMERROR,
		    "i= is not of the domain d=" },
		{ TAGS "i=@a.FOOTBALL.example.com", DKIM_FAIL,
		    "the signature is of something else" },
		{ TAGS "q=http/x", DKIM_NEUTRAL, "q= has no dns/txt" },
		{ TAGS "d=twice.example", DKIM_NEUTRAL, "not a list of tags" },
		{ TAGS "=5", DKIM_NEUTRAL, "not a list of tags" },
		{ TAGS "z=From:any; unknown=x", DKIM_FAIL,
		    "the signature is of something else" },
		{ TAGS_WITHOUT_D, DKIM_NEUTRAL, "no d= or no s=" },
		{ TAGS_WITHOUT_D "d=a\"b.example", DKIM_NEUTRAL,
		    "d= or s= is no name" },
		{ TAGS_WITHOUT_D "d=a b.example", DKIM_NEUTRAL,
		    "d= or s= is no name" },
		{ TAGS_WITHOUT_D "d=a\x01.example", DKIM_NEUTRAL,
		    "not a list of tags" },
		{ TAGS_WITHOUT_D "d=a..example", DKIM_NEUTRAL,
		    "d= or s= is no name" },
		{ TAGS_WITHOUT_S "s=a\"b", DKIM_NEUTRAL,
		    "d= or s= is no name" },
		{ TAGS_WITHOUT_S "s=a b", DKIM_NEUTRAL, "d= or s= is no name" },
		{ TAGS_WITHOUT_S "s=a\x7f", DKIM_NEUTRAL,
		    "not a list of tags" },
		{ TAGS_WITHOUT_S "s=../../x", DKIM_NEUTRAL,
		    "d= or s= is no name" },
		{ TAGS_WITHOUT_D "d=absent.example", DKIM_PERMERROR,
		    "there is no key" },
		{ TAGS_WITHOUT_D "d=down.example", DKIM_TEMPERROR,
		    "its key cannot be looked up now" },
		{ "DKIM-Signature: v=1; a=rsa-sha1; s=test; "
		  "d=football.example.com; h=from; bh=AAAA; b=AAAA",
		    DKIM_POLICY, "SHA-1 is not accepted" },
		{ "DKIM-Signature: v=1; a=rsa-md5; s=test; "
		  "d=football.example.com; h=from; bh=AAAA; b=AAAA",
		    DKIM_NEUTRAL, "unknown algorithm" },
		{ "DKIM-Signature: v=2; a=rsa-sha256; s=test; "
		  "d=football.example.com; h=from; b=AAAA; "
		  "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=",
		    DKIM_NEUTRAL, "v= is not 1" },
		{ "DKIM-Signature: v=1; a=rsa-sha256; s=test; "
		  "d=football.example.com; h=to:subject; b=AAAA; "
		  "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=",
		    DKIM_PERMERROR, "From is not signed" },
		{ "DKIM-Signature: v=1; a=rsa-sha256; s=test; c=nofws; "
		  "d=football.example.com; h=from; b=AAAA; "
		  "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=",
		    DKIM_NEUTRAL, "unknown canonicalization" },
		{ "DKIM-Signature: v=1; a=rsa-sha256; s=test; "
		  "d=football.example.com; h=from; b=A; "
		  "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=",
		    DKIM_NEUTRAL, "b= or bh= is not base 64" },
		{ "DKIM-Signature: v=1; a=rsa-sha256; s=test; "
		  "c=relaxed/relaxed; d=football.example.com; h=from; "
		  "b=AAAA; bh=AAAAOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=",
		    DKIM_FAIL, "the body was changed" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text = { .max = 9999 }, zone = { .max = 9999 };
		struct dkim_verdict v[16];
		struct dkim_message m;

		buf_addf(&text, "%s\r\n%s\r\n%s", rows[i].field, DKIM_HEAD,
		    DKIM_BODY);
		buf_addf(
		    &zone, "%stest._domainkey.down.example. FAIL\n", dkim_zone);
		dkim_message_init(&m, &dkim_limits_default);
		dkim_test_read(&m, buf_slice(&text), 100);
		assert_int_equal(
		    dkim_test_verify(&m, buf_cstr(&zone), now_s, v), 1);
		if (v[0].result != rows[i].result ||
		    strcmp(v[0].why != NULL ? v[0].why : "", rows[i].why) != 0)
			fail_msg("%s: %s (%s)", rows[i].field,
			    dkim_result_name(v[0].result), v[0].why);
		dkim_message_fini(&m);
		buf_fini(&text);
		buf_fini(&zone);
	}
}

/* A key as it is published, and what comes of a good signature. */
static void
test_keys(void **state)
{
	static const struct {
		unsigned bits;
		const char *tags, *identity;
		enum dkim_result result;
		bool testing;
	} rows[] = {
		{ 2048, "v=DKIM1; ", "", DKIM_PASS, false },
		{ 2048, "", "", DKIM_PASS, false },
		{ 2048, "k=rsa; h=sha1:sha256; s=email; n=x; g=*; ", "",
		    DKIM_PASS, false },
		{ 0, "v=DKIM1;k=ed25519;", "", DKIM_PASS, false },
		{ 0, "v=DKIM1; ", "", DKIM_PERMERROR, false },
		{ 2048, "k=ed25519; ", "", DKIM_PERMERROR, false },
		{ 2048, "k=rsa; v=DKIM1; ", "", DKIM_PERMERROR, false },
		{ 2048, "v=DKIM2; ", "", DKIM_PERMERROR, false },
		{ 2048, "h=sha1; ", "", DKIM_PERMERROR, false },
		{ 2048, "s=tlsrpt; ", "", DKIM_PERMERROR, false },
		{ 2048, "s=tlsrpt:*; ", "", DKIM_PASS, false },
		{ 2048, "p=; x", "", DKIM_PERMERROR, false },
		{ 2048, "p=", "", DKIM_PERMERROR, false },
		{ 2048, "t=y; ", "", DKIM_PASS, true },
		{ 2048, "t=y:s; ", "@sub.example.org", DKIM_PERMERROR, true },
		{ 2048, "t=s; ", "x@example.org", DKIM_PASS, false },
		{ 2048, "", "@sub.example.org", DKIM_PASS, false },
		{ 512, "", "", DKIM_POLICY, false },
		{ 1024, "", "", DKIM_PASS, false },
	};
	const struct slice names[] = { SLICE("from"), SLICE("from") };
	const struct slice head = SLICE("From: a@example.org\r\n");
	EVP_PKEY *key = NULL;
	unsigned bits = 1;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct dkim_sign how = {
			.alg = rows[i].bits > 0 ? DKIM_RSA_SHA256
						: DKIM_ED25519_SHA256,
			.domain = SLICE("example.org"),
			.selector = SLICE("s1"),
			.identity = slice_str(rows[i].identity),
			.names = names,
			.nnames = 2,
			.signed_s = now_s,
			.expires_s = now_s + 100,
		};
		struct buf text = { .max = 9999 }, zone = { .max = 9999 };
		struct dkim_verdict v[16];
		struct dkim_message m;

		if (key == NULL || bits != rows[i].bits) {
			EVP_PKEY_free(key);
			key = dkim_test_key(rows[i].bits);
			bits = rows[i].bits;
		}
		dkim_test_make(key, &how, head, SLICE("Hi\r\n"), &text);
		buf_add(&text, head);
		buf_adds(&text, "\r\nHi\r\n");
		if (strstr(rows[i].tags, "p=") != NULL)
			buf_addf(&zone, "s1._domainkey.example.org TXT \"%s\"",
			    rows[i].tags);
		else
			dkim_test_record(key, "s1._domainkey.example.org",
			    rows[i].tags, &zone);
		dkim_message_init(&m, &dkim_limits_default);
		dkim_test_read(&m, buf_slice(&text), 33);
		assert_int_equal(
		    dkim_test_verify(&m, buf_cstr(&zone), now_s, v), 1);
		if (v[0].result != rows[i].result ||
		    v[0].testing != rows[i].testing)
			fail_msg("%s: %s (%s)\n%s", rows[i].tags,
			    dkim_result_name(v[0].result), v[0].why,
			    buf_cstr(&text));
		dkim_message_fini(&m);
		buf_fini(&text);
		buf_fini(&zone);
	}
	EVP_PKEY_free(key);
}

/* Keys as RSAPublicKey, as SPKI, of Ed25519 as SPKI; and what is none. */
static void
test_der(void **state)
{
	EVP_PKEY *rsa = dkim_test_key(1024), *ed = dkim_test_key(0);
	EVP_PKEY *p256 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	const struct {
		EVP_PKEY *key;
		bool bare, good;
	} rows[] = { { rsa, false, true }, { rsa, true, true },
		{ ed, false, true }, { p256, false, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned char *der = NULL;
		const int n = rows[i].bare ? i2d_PublicKey(rows[i].key, &der)
					   : i2d_PUBKEY(rows[i].key, &der);
		const struct slice all = slice_of(der, (size_t)n);
		struct tls_pubkey *k = tls_pubkey_der(all, NULL);

		assert_true(n > 0);
		assert_int_equal(k != NULL, rows[i].good);
		if (k != NULL)
			assert_int_equal(
			    tls_pubkey_bits(k), EVP_PKEY_get_bits(rows[i].key));
		tls_pubkey_free(&k);
		/* cut short, and with a byte behind it */
		for (size_t to = 0; to < all.n; to++)
			assert_null(
			    tls_pubkey_der(slice_sub(all, 0, to), NULL));
		der = OPENSSL_realloc(der, all.n + 1);
		der[all.n] = 0;
		assert_null(tls_pubkey_der(slice_of(der, all.n + 1), NULL));
		OPENSSL_free(der);
	}
	assert_null(tls_pubkey_der(SLICE("\x30\x04\x02\x00\x02\x00"), NULL));
	assert_null(
	    tls_pubkey_der(SLICE("\x30\x06\x02\x01\xff\x02\x01\x03"), NULL));
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ed);
	EVP_PKEY_free(p256);
}

/* A second From above the signed one: what is over-signed cannot be added. */
static void
test_added_field(void **state)
{
	static const struct {
		const char *add;
		enum dkim_result result;
	} rows[] = { { "", DKIM_PASS }, { "To: x\r\n", DKIM_PASS },
		{ "From: eve@example.com\r\n", DKIM_FAIL },
		{ "From:\r\n eve@example.com\r\n", DKIM_FAIL } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text = { .max = 9999 };
		struct dkim_verdict v[16];
		struct dkim_message m;

		buf_addf(&text, "%s%s", rows[i].add, dkim_message);
		dkim_message_init(&m, &dkim_limits_default);
		dkim_test_read(&m, buf_slice(&text), 4096);
		assert_int_equal(dkim_test_verify(&m, dkim_zone, now_s, v), 2);
		assert_int_equal(v[0].result, rows[i].result);
		assert_int_equal(v[1].result, rows[i].result);
		dkim_message_fini(&m);
		buf_fini(&text);
	}
}

/* A NUL ends nothing: what stands before it is not what is asked for. */
static void
test_nul(void **state)
{
	static const char *const names[] = { "d=football.example.com",
		"s=test" };
	struct dkim_verdict v[16];
	struct dkim_message m;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct buf text = { .max = 9999 };

		buf_adds(&text, i == 0 ? TAGS_WITHOUT_D : TAGS_WITHOUT_S);
		buf_adds(&text, names[i]);
		buf_add(&text, SLICE("\0.evil.example\r\n"));
		buf_adds(&text, DKIM_HEAD "\r\n" DKIM_BODY);
		dkim_message_init(&m, &dkim_limits_default);
		dkim_test_read(&m, buf_slice(&text), 100);
		assert_int_equal(dkim_test_verify(&m, dkim_zone, now_s, v), 1);
		assert_int_equal(v[0].result, DKIM_NEUTRAL);
		dkim_message_fini(&m);
		buf_fini(&text);
	}
}

/* A key larger than the parameter says is not worth its time. */
static void
test_large_key(void **state)
{
	struct dkim_limits limits = dkim_limits_default;
	struct dkim_verdict v[16];
	struct dkim_message m;
	size_t n, rsa = 0;

	(void)state;
	assert_int_equal(limits.key_bits_max, 4096);
	limits.key_bits_max = 1023;
	dkim_message_init(&m, &limits);
	dkim_test_read(&m, slice_str(dkim_message), 4096);
	n = dkim_test_verify(&m, dkim_zone, now_s, v);
	for (size_t i = 0; i < n; i++)
		if (v[i].sig->alg == DKIM_RSA_SHA256) {
			assert_int_equal(v[i].result, DKIM_POLICY);
			rsa++;
		} else {
			assert_int_equal(v[i].result, DKIM_PASS);
		}
	assert_int_equal(rsa, 1);
	dkim_message_fini(&m);
}

static void
test_caps(void **state)
{
	struct dkim_limits limits = dkim_limits_default;
	struct dkim_verdict v[16];
	struct dkim_message m;
	struct buf text = { .max = 99999 };

	(void)state;
	limits.signatures = 3;
	for (int i = 0; i < 9; i++)
		buf_adds(&text, DKIM_ED25519_FIELD);
	buf_adds(&text, DKIM_HEAD "\r\n" DKIM_BODY);
	dkim_message_init(&m, &limits);
	dkim_test_read(&m, buf_slice(&text), 4096);
	assert_int_equal(dkim_test_verify(&m, dkim_zone, now_s, v), 3);
	assert_int_equal(v[2].result, DKIM_PASS);
	dkim_message_fini(&m);

	limits.header_bytes = 1000;
	dkim_message_init(&m, &limits);
	dkim_test_read(&m, buf_slice(&text), 300);
	assert_true(m.too_large);
	assert_int_equal(dkim_test_verify(&m, dkim_zone, now_s, v), 0);
	dkim_message_fini(&m);
	buf_fini(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_sample_otherwise),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_der),
		cmocka_unit_test(test_added_field),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_large_key),
		cmocka_unit_test(test_caps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
