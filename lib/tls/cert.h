/* SPDX-License-Identifier: ISC */
/*
 * A certificate with the chain behind it, from PEM bytes: what a server
 * presents.  Holds no private key.
 */
#ifndef TLS_CERT_H
#define TLS_CERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum {
	CERT_KEY_ID_SIZE = 65,      /* hex SHA-256 and a NUL */
	CERT_NAMES_MAX = 1000,      /* more names are ignored */
	CERT_CHAIN_MAX = 16,        /* more certificates are refused */
	CERT_PEM_MAX = 1024 * 1024, /* bytes of PEM */
};

enum cert_type { CERT_RSA, CERT_EC };

struct cert;

/* The certificates in PEM, leaf first; what else stands there (keys,
 * comments) is skipped.  -1 (ERR_PERM) when there is none, one cannot be read,
 * or the leaf's key is neither RSA nor EC. */
int cert_parse(struct slice pem, struct cert **out, struct err *err);
void cert_free(struct cert **c);

/* The name of its key: SHA-256 of the public key (SPKI) in hex. */
const char *cert_key_id(const struct cert *c);
enum cert_type cert_type(const struct cert *c);
/* The DNS names it is for (subjectAltName, else the common name), lower case,
 * possibly with "*." in front; NULL behind the last. */
const char *cert_name(const struct cert *c, size_t i);
/* Seconds since 1970. */
int64_t cert_not_before_s(const struct cert *c);
int64_t cert_not_after_s(const struct cert *c);
/* Seconds until it ends; negative when it has expired. */
int64_t cert_left_s(const struct cert *c);
/* Signed with its own key: no authority stands for it. */
bool cert_is_selfsigned(const struct cert *c);
/* Certificates, the leaf included. */
size_t cert_chain_len(const struct cert *c);
/* The chain as PEM again, without anything that stood around it. */
void cert_format(const struct cert *c, struct buf *out);
/* Does it stand for host NAME: exactly, or by a "*." for the first label? */
bool cert_matches(const struct cert *c, struct slice name);

#endif
