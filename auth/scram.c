/* SPDX-License-Identifier: ISC */
#include "auth/scram.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "ipc/auth.h"
#include "tls/digest.h"

enum { NONCE_BYTES = 18, SO_FAR_MAX = 2 * AUTH_MESSAGE_MAX + 1024 };

static struct {
	bool set;
	uint8_t bytes[DIGEST_MAX];
	size_t n;
} salt_key;

void
auth_scram_key(struct slice key)
{
	if (key.n > 0)
		salt_key.n = digest_of(DIGEST_SHA256, key, salt_key.bytes);
	salt_key.set = key.n > 0;
}

static void
derive(const char *label, const char *account, uint8_t out[DIGEST_MAX])
{
	struct buf text;

	if (salt_key.n == 0) {
		salt_key.n = SCRAM_KEY_SIZE;
		digest_random(salt_key.bytes, salt_key.n);
	}
	buf_init(&text, AUTH_LOGIN_MAX * 2 + 64);
	buf_adds(&text, label);
	buf_adds(&text, account);
	(void)digest_hmac(DIGEST_SHA256, slice_of(salt_key.bytes, salt_key.n),
	    buf_slice(&text), out);
	buf_fini(&text);
}

/* Of nobody: the same whenever it is asked for. */
static void
pretend(struct scram_secret *s, const char *account)
{
	uint8_t sum[DIGEST_MAX];

	*s = (struct scram_secret){ .iterations = SCRAM_ITERATIONS,
		.salt_len = SCRAM_SALT_SIZE };
	derive("salt ", account, sum);
	memcpy(s->salt, sum, s->salt_len);
	digest_random(s->stored_key, sizeof s->stored_key);
	digest_random(s->server_key, sizeof s->server_key);
}

/* The nonce of "n=name,r=nonce", behind which extensions may stand. */
static struct slice
nonce_of(struct slice bare)
{
	struct slice nonce;

	(void)slice_cut(bare, ',', &bare);
	nonce = slice_cut(bare, ',', &bare);
	return slice_starts(nonce, SLICE("r=")) ? slice_from(nonce, 2)
						: (struct slice){ NULL, 0 };
}

struct auth_scram *
auth_scram_new(const char *account, const char *stored, struct slice bare)
{
	const struct slice nonce = nonce_of(bare);
	uint8_t random[NONCE_BYTES];
	struct auth_scram *x;

	if (nonce.n == 0 || bare.n > AUTH_MESSAGE_MAX)
		return NULL;
	x = xcalloc(1, sizeof *x);
	/* both, whatever it is, for the same time */
	pretend(&x->secret, account);
	if (stored != NULL) {
		struct scram_secret real;

		x->real = scram_parse(slice_str(stored), &real);
		if (x->real)
			x->secret = real;
		explicit_bzero(&real, sizeof real);
	}
	digest_random(random, sizeof random);
	buf_init(&x->so_far, SO_FAR_MAX);
	buf_add(&x->so_far, bare);
	buf_addc(&x->so_far, ',');
	x->first = x->so_far.n;
	buf_adds(&x->so_far, "r=");
	buf_add(&x->so_far, nonce);
	base64_encode(&x->so_far, slice_of(random, sizeof random));
	buf_adds(&x->so_far, ",s=");
	base64_encode(&x->so_far, slice_of(x->secret.salt, x->secret.salt_len));
	buf_addf(&x->so_far, ",i=%u", x->secret.iterations);
	return x;
}

void
auth_scram_free(struct auth_scram **x)
{
	if (*x == NULL)
		return;
	buf_fini(&(*x)->so_far);
	explicit_bzero(*x, sizeof **x);
	xfree(x);
}

struct slice
auth_scram_challenge(const struct auth_scram *x)
{
	return slice_from(buf_slice(&x->so_far), x->first);
}

bool
auth_scram_prove(struct auth_scram *x, struct slice without_proof,
    struct slice proof, struct buf *out)
{
	uint8_t signature[SCRAM_KEY_SIZE];
	bool proves;

	buf_addc(&x->so_far, ',');
	buf_add(&x->so_far, without_proof);
	if (x->so_far.failed)
		return false;
	proves = scram_proves(&x->secret, buf_slice(&x->so_far), proof);
	if (!proves || !x->real)
		return false;
	scram_sign(&x->secret, buf_slice(&x->so_far), signature);
	buf_adds(out, "v=");
	base64_encode(out, slice_of(signature, sizeof signature));
	return !out->failed;
}
