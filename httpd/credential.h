/* SPDX-License-Identifier: ISC */
/* What a client says of itself in Authorization. */
#ifndef HTTPD_CREDENTIAL_H
#define HTTPD_CREDENTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

struct httpd_credential {
	struct slice user;   /* of Basic (RFC 7617) */
	struct slice secret; /* its password, or the token of Bearer (RFC 6750)
			      */
	bool bearer;
	struct buf text; /* what they point into; wiped by _fini */
};

/* False: AUTHORIZATION is neither, or lacks a user or token.  C is to be
 * finished in any case. */
bool httpd_credential_parse(
    struct slice authorization, struct httpd_credential *c);
void httpd_credential_fini(struct httpd_credential *c);

/* A digest of it, which is kept to know it again. */
enum { HTTPD_CREDENTIAL_DIGEST = 32 };
void httpd_credential_digest(
    struct slice authorization, uint8_t digest[HTTPD_CREDENTIAL_DIGEST]);

#endif
