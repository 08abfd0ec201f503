/* SPDX-License-Identifier: ISC */
#include "sasl/password.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sasl/argon2.h"
#include "sasl/scram.h"
#include "tls/digest.h"

/* clang-format off */
/* What crypt(3) is asked to check. */
static const char *const accepted[] = {
	"$y$", "$gy$", "$7$", "$2a$", "$2b$", "$2y$", "$6$", "$5$",
};
/* What it is asked to make, at which cost (0: what the library thinks right);
 * HASH is of that cost and of no password: to spend time on. */
static const struct {
	const char *prefix;
	unsigned long cost;
	const char *hash;
} schemes[] = {
	[PASSWORD_YESCRYPT] = { "$y$", 0,
	  "$y$j9T$Y7JWtGbHRtuBP9NrT3bLi0$"
	  "..........................................." },
	[PASSWORD_SHA512] = { "$6$", 0,
	  "$6$Q2nXeTcWpWjkb7sV$"
	  "..........................................."
	  "..........................................." },
	[PASSWORD_BCRYPT] = { "$2b$", 10,
	  "$2b$10$Q2nXeTcWpWjkb7sVabcdeu..............................." },
	[PASSWORD_ARGON2ID] = { NULL, 0,
	  "$argon2id$v=19$m=19456,t=2,p=1$YWJjZGVmZ2hpamtsbW5vcA$"
	  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
	[PASSWORD_SCRAM] = { NULL, 0,
	  "SCRAM-SHA-256$32768:YWJjZGVmZ2hpamtsbW5vcA==$"
	  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"
	  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
};
/* clang-format on */

static bool
is_accepted(struct slice stored)
{
	for (size_t i = 0; i < ARRAY_LEN(accepted); i++)
		if (slice_starts(stored, slice_str(accepted[i])))
			return true;
	return false;
}

/* crypt(3) of SECRET under SETTING; the result is in *DATA, to be wiped and
 * freed by the caller.  NULL when it cannot. */
static const char *
hash_as(struct slice secret, const char *setting, struct crypt_data **data)
{
	char phrase[PASSWORD_SECRET_MAX + 1];
	const char *hash = NULL;

	*data = xcalloc(1, sizeof **data);
	if (slice_copy(secret, phrase, sizeof phrase))
		hash = crypt_r(phrase, setting, *data);
	explicit_bzero(phrase, sizeof phrase);
	return hash != NULL && hash[0] != '*' ? hash : NULL;
}

static void
drop(struct crypt_data **data)
{
	explicit_bzero(*data, sizeof **data);
	xfree(data);
}

static enum found
crypt_check(struct slice stored, struct slice secret, struct err *err)
{
	char setting[PASSWORD_HASH_MAX];
	struct crypt_data *data;
	const char *hash;
	enum found found = TEMPFAIL;

	if (!slice_copy(stored, setting, sizeof setting)) {
		err_set(err, ERR_TEMP, "the password hash is too long");
		return TEMPFAIL;
	}
	hash = hash_as(secret, setting, &data);
	if (hash == NULL)
		err_set(err, ERR_TEMP, "crypt does not know this hash");
	else
		found = digest_equal(slice_str(hash), stored) ? FOUND : ABSENT;
	drop(&data);
	return found;
}

/* {BLF-CRYPT}, {SHA512-CRYPT}, {ARGON2ID}, {CRYPT}: the hash tells again. */
static struct slice
without_scheme(struct slice stored)
{
	struct slice rest;

	if (!slice_starts(stored, SLICE("{")))
		return stored;
	(void)slice_cut(stored, '}', &rest);
	return rest;
}

bool
password_is_known(struct slice stored)
{
	if (scram_is_stored(stored))
		return true;
	stored = without_scheme(stored);
	return is_accepted(stored) ||
	       slice_starts(stored, SLICE("$argon2id$")) ||
	       slice_starts(stored, SLICE("$argon2i$"));
}

enum found
password_verify(struct slice stored, struct slice secret, struct err *err)
{
	/* no hash was ever made of such a thing */
	if (secret.n == 0 || secret.n > PASSWORD_SECRET_MAX ||
	    slice_find(secret, '\0') < secret.n)
		return ABSENT;
	if (scram_is_stored(stored))
		return scram_check(stored, secret, err);
	stored = without_scheme(stored);
	if (slice_starts(stored, SLICE("$argon2")))
		return argon2_check(stored, secret, err);
	if (is_accepted(stored))
		return crypt_check(stored, secret, err);
	err_set(err, ERR_TEMP, "a password hash of an unknown scheme");
	return TEMPFAIL;
}

static const char *const words[] = { PASSWORD_SCHEMES(WORDS_TEXT) };

const char *
password_scheme(enum password_scheme scheme)
{
	return words[scheme];
}

static size_t
scheme_find(const char *scheme)
{
	size_t i = 0;

	while (
	    i < ARRAY_LEN(schemes) && !slice_iis(slice_str(scheme), words[i]))
		i++;
	return i;
}

static int
crypt_make(size_t scheme, struct slice secret, struct buf *out, struct err *err)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE], random[32];
	struct crypt_data *data;
	const char *hash;

	digest_random(random, sizeof random);
	if (crypt_gensalt_rn(schemes[scheme].prefix, schemes[scheme].cost,
		random, sizeof random, setting, sizeof setting) == NULL)
		return err_sys(err, ERR_PERM, "crypt");
	hash = hash_as(secret, setting, &data);
	if (hash != NULL)
		buf_adds(out, hash);
	drop(&data);
	if (hash == NULL)
		return err_set(err, ERR_TEMP, "crypt failed");
	return 0;
}

int
password_hash(
    const char *scheme, struct slice secret, struct buf *out, struct err *err)
{
	const size_t i = scheme_find(scheme);

	if (i == ARRAY_LEN(schemes))
		return err_set(err, ERR_PERM,
		    "expected yescrypt, sha512-crypt, bcrypt, argon2id or "
		    "scram-sha-256");
	if (secret.n == 0)
		return err_set(err, ERR_PERM, "the password is empty");
	if (secret.n > PASSWORD_SECRET_MAX)
		return err_set(err, ERR_PERM,
		    "the password is longer than %d bytes",
		    PASSWORD_SECRET_MAX);
	if (slice_find(secret, '\0') < secret.n)
		return err_set(err, ERR_PERM, "the password has a NUL in it");
	if (i == PASSWORD_SCRAM)
		return scram_make(secret, out, err);
	if (schemes[i].prefix == NULL)
		return argon2_make(secret, out, err);
	return crypt_make(i, secret, out, err);
}

enum found
password_pretend(const char *scheme, struct slice secret)
{
	const size_t i = scheme_find(scheme);
	const char *hash = schemes[i < ARRAY_LEN(schemes) ? i : 0].hash;

	if (password_verify(slice_str(hash), secret, NULL) == TEMPFAIL)
		return TEMPFAIL;
	return ABSENT;
}
