/* SPDX-License-Identifier: ISC */
/*
 * The keys with which mail is signed: DIR/KIND/DOMAIN/SELECTOR.pem, or
 * SELECTOR.now.pem for one that is used whatever the DNS says.  They are read
 * when a domain is asked for, and looked at again after a while, so what a host
 * has of domains costs nothing until their mail is signed.
 */
#ifndef KEYS_SIGNING_H
#define KEYS_SIGNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "ipc/keys.h"
#include "ipc/role.h"
#include "tls/mailkey.h"

enum {
	KEYS_SIGNERS_MAX = 16,           /* of one domain */
	KEYS_SIGNING_DOMAINS_MAX = 4096, /* that are kept in memory */
};

struct keys_signer {
	char *selector;
	struct mailkey *key;
	bool now; /* it needs no record in the DNS */
	int64_t made_ns;
};

struct keys_signing {
	char *domain;
	struct keys_signer *v; /* newest first */
	size_t n;
	uint64_t stamp; /* of the files */
	int64_t seen_ms;
};

/* From now on the files are beneath DIRFD (-1: there are none). */
void keys_signing_use(int dirfd);
/* Whatever was read is read again. */
void keys_signing_forget(void);

/* May ROLE ask for signatures of KIND? */
bool keys_signing_may(uint32_t kind, enum role role);
/* The keys for DOMAIN: its own, or those of the nearest domain above it; looked
 * at on disk where that is longer ago than EVERY_MS.  *OUT stands until the
 * next call. */
enum found keys_signing_find(enum keys_kind kind, struct slice domain,
    int64_t now_ms, int64_t every_ms, const struct keys_signing **out);
/* As keys_signers_are has them. */
void keys_signing_format(const struct keys_signing *s, struct buf *out);
/* Add the signature of DIGEST, by a key that keys_signing_find has given, or
 * would give.  -1: there is no such key (ERR_PERM), or it does not sign. */
int keys_signing_sign(enum keys_kind kind, struct slice domain,
    struct slice selector, struct slice digest, struct buf *out,
    struct err *err);

#endif
