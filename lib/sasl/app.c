/* SPDX-License-Identifier: ISC */
#include "sasl/app.h"

#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/cur.h"
#include "sasl/secret.h"
#include "tls/digest.h"

enum { SALT_SIZE = 12, SUM_SIZE = 32, GROUP = 4 };

/* sha256:SALT:SUM, an HMAC under the salt */
#define PREFIX "sha256:"

/* without l, o, 0, 1 */
static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";

static void
put_sum(struct slice salt, struct slice chars, struct buf *out)
{
	uint8_t sum[DIGEST_MAX];
	const size_t n = digest_hmac(DIGEST_SHA256, salt, chars, sum);

	base64_encode(out, slice_of(sum, n));
	explicit_bzero(sum, sizeof sum);
}

void
sasl_app_make(struct buf *secret, struct buf *hash)
{
	uint8_t random[SASL_APP_CHARS], salt[SALT_SIZE];
	char chars[SASL_APP_CHARS];

	_Static_assert(sizeof letters == 33, "five bits each");
	digest_random(random, sizeof random);
	digest_random(salt, sizeof salt);
	for (size_t i = 0; i < sizeof chars; i++) {
		chars[i] = letters[random[i] & 31];
		if (i > 0 && i % GROUP == 0)
			buf_addc(secret, '-');
		buf_addc(secret, chars[i]);
	}
	buf_adds(hash, PREFIX);
	base64_encode(hash, slice_of(salt, sizeof salt));
	buf_addc(hash, ':');
	put_sum(
	    slice_of(salt, sizeof salt), slice_of(chars, sizeof chars), hash);
	explicit_bzero(random, sizeof random);
	explicit_bzero(chars, sizeof chars);
}

/* SECRET's letters to CHARS; false where it is none. */
static bool
squeeze(struct slice secret, char chars[SASL_APP_CHARS])
{
	size_t n = 0;

	for (size_t i = 0; i < secret.n; i++) {
		const char c = ascii_lower(secret.p[i]);

		if (c == '-' || c == ' ')
			continue;
		if (n == SASL_APP_CHARS || c == '\0' ||
		    strchr(letters, c) == NULL)
			return false;
		chars[n++] = c;
	}
	return n == SASL_APP_CHARS;
}

bool
sasl_app_is(struct slice secret)
{
	char chars[SASL_APP_CHARS];
	const bool is = squeeze(secret, chars);

	explicit_bzero(chars, sizeof chars);
	return is;
}

bool
sasl_app_check(struct slice hash, struct slice secret)
{
	struct buf salt = { .max = SALT_SIZE * 2 }, sum = { .max = 64 };
	char chars[SASL_APP_CHARS];
	struct cur c = cur_of(hash);
	bool same;

	cur_lit(&c, PREFIX);
	if (!base64_decode(&salt, cur_until(&c, ':')))
		cur_fail(&c);
	same = cur_ok(&c) && squeeze(secret, chars);
	if (same) {
		put_sum(buf_slice(&salt), slice_of(chars, sizeof chars), &sum);
		same = digest_equal(buf_slice(&sum), cur_rest(&c));
	}
	explicit_bzero(chars, sizeof chars);
	buf_fini(&salt);
	buf_fini(&sum);
	return same;
}
