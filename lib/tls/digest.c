/* SPDX-License-Identifier: ISC */
#include "tls/digest.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/must.h"

/* OpenSSL's context stands behind our name; there is nothing to add. */
struct digest;

static const EVP_MD *
md_of(enum digest_alg alg)
{
	switch (alg) {
	case DIGEST_MD5:
		return EVP_md5();
	case DIGEST_SHA1:
		return EVP_sha1();
	case DIGEST_SHA256:
		return EVP_sha256();
	case DIGEST_SHA384:
		return EVP_sha384();
	case DIGEST_SHA512:
		return EVP_sha512();
	}
	must_fail(__FILE__, __LINE__, __func__, "known digest");
}

static const unsigned char *
bytes_of(struct slice s)
{
	return (const unsigned char *)(s.n > 0 ? s.p : "");
}

size_t
digest_size(enum digest_alg alg)
{
	return (size_t)EVP_MD_get_size(md_of(alg));
}

size_t
digest_of(enum digest_alg alg, struct slice in, uint8_t *out)
{
	unsigned n = 0;

	must(EVP_Digest(bytes_of(in), in.n, out, &n, md_of(alg), NULL) == 1);
	return n;
}

void
digest_hex(enum digest_alg alg, struct slice in, char *out)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t sum[DIGEST_MAX];
	const size_t n = digest_of(alg, in, sum);

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = hex[sum[i] >> 4];
		out[2 * i + 1] = hex[sum[i] & 15];
	}
	out[2 * n] = '\0';
}

size_t
digest_hmac(
    enum digest_alg alg, struct slice key, struct slice in, uint8_t *out)
{
	unsigned n = 0;

	must(key.n <= INT_MAX);
	must(HMAC(md_of(alg), bytes_of(key), (int)key.n, bytes_of(in), in.n,
		 out, &n) != NULL);
	return n;
}

void
digest_pbkdf2(enum digest_alg alg, struct slice password, struct slice salt,
    unsigned iterations, uint8_t *out)
{
	const EVP_MD *md = md_of(alg);

	must(password.n <= INT_MAX && salt.n <= INT_MAX);
	must(iterations >= 1 && iterations <= INT_MAX);
	must(PKCS5_PBKDF2_HMAC((const char *)bytes_of(password),
		 (int)password.n, bytes_of(salt), (int)salt.n, (int)iterations,
		 md, EVP_MD_get_size(md), out) == 1);
}

struct digest *
digest_begin(enum digest_alg alg)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	must(md != NULL && EVP_DigestInit_ex(md, md_of(alg), NULL) == 1);
	return (struct digest *)md;
}

void
digest_add(struct digest *d, struct slice in)
{
	must(EVP_DigestUpdate((EVP_MD_CTX *)d, bytes_of(in), in.n) == 1);
}

size_t
digest_end(struct digest **d, uint8_t *out)
{
	EVP_MD_CTX *md = (EVP_MD_CTX *)*d;
	unsigned n = 0;

	must(EVP_DigestFinal_ex(md, out, &n) == 1);
	EVP_MD_CTX_free(md);
	*d = NULL;
	return n;
}

bool
digest_equal(struct slice a, struct slice b)
{
	return a.n == b.n && CRYPTO_memcmp(bytes_of(a), bytes_of(b), a.n) == 0;
}

void
digest_random(void *out, size_t n)
{
	must(n <= INT_MAX && RAND_bytes(out, (int)n) == 1);
}
