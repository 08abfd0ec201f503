/* SPDX-License-Identifier: ISC */
/*
 * The key ring: private keys and the certificates that belong to them, read
 * from one directory.  Which key belongs to which certificate is told by the
 * public key, not by names of files: a pair in one file, in two, or in a
 * directory for each name (cert.pem, fullchain.pem, privkey.pem) all work.
 */
#ifndef KEYS_RING_H
#define KEYS_RING_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "tls/cert.h"
#include "tls/privkey.h"

enum {
	KEYS_RING_FILES_MAX = 4000,
	KEYS_RING_FILE_BYTES = 256 * 1024,
};

struct keys_pair {
	struct cert *cert;
	struct privkey *key;
	char *file; /* of the certificate, beneath the directory */
};

struct keys_ring {
	struct keys_pair *pairs; /* [0] is the default */
	size_t n;
	uint64_t stamp; /* names, sizes, times of the files read */
};

/* Read *.pem, *.crt, *.cer and *.key in DIRFD and the directories in it (no
 * symbolic links).  The pair whose certificate stands in FIRST comes first,
 * then by file name.  Files that cannot be read are logged and passed over;
 * -1 when FIRST is not among the pairs or nothing can be listed, and *OUT is
 * then NULL. */
int keys_ring_load(
    int dirfd, const char *first, struct keys_ring **out, struct err *err);
void keys_ring_free(struct keys_ring **ring);
/* What stamp would be now; 0 when the directory cannot be listed. */
uint64_t keys_ring_stamp(int dirfd);

/* The key with that id (cert_key_id), or NULL. */
const struct privkey *keys_ring_key(
    const struct keys_ring *ring, struct slice id);
/* Seconds since 1970 when the first of the certificates expires; 0: none. */
int64_t keys_ring_expires_s(const struct keys_ring *ring, const char **file);

#endif
