/* SPDX-License-Identifier: ISC */
/* The DKIM keys of an instance, as files (keys/signing.h). */
#ifndef CTL_SIGN_SIGNKEYS_H
#define CTL_SIGN_SIGNKEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct signkey {
	char *domain;
	char *selector;
	const char *type; /* "rsa", "ed25519" */
	bool now;         /* it is used without a record in the DNS */
	int64_t made_ns;
	char *public; /* p= of its record */
};

struct signkeys {
	struct signkey *v; /* by domain, of each the newest first */
	size_t n;
};

/* The keys of DOMAIN (A-labels), or with NULL of all domains, in DIR
 * (signing_directory).  -1: they cannot be read; what is no key is left out. */
int signkeys_read(const char *dir, const char *domain, struct signkeys *keys,
    struct err *err);
void signkeys_free(struct signkeys *keys);

/* Make a pair of keys: RSA under SELECTOR, and Ed25519 under SELECTOR-ed25519.
 * Only the keys daemon can read them, or the caller where he is not root.
 * ERR_EXISTS: there is one of these. */
int signkeys_make(const char *dir, const char *domain, const char *selector,
    bool now, struct err *err);
/* A pair for each of DOMAINS (NULL behind the last) that has none. */
int signkeys_make_first(
    const char *dir, const char *const *domains, struct err *err);
/* Use KEY from now on, without a record in the DNS. */
int signkeys_use_now(
    const char *dir, const struct signkey *key, struct err *err);
int signkeys_remove(
    const char *dir, const struct signkey *key, struct err *err);

/* A selector that no key of DOMAIN has, made of today's date. */
char *signkeys_selector(const struct signkeys *keys, int64_t now_s);

/* Add the record of KEY, as it stands in a zone file. */
void signkeys_record(const struct signkey *key, struct buf *out);

#endif
