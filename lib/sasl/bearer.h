/* SPDX-License-Identifier: ISC */
/* The one message of OAUTHBEARER (RFC 7628 3.1) and of XOAUTH2, which came
 * before it (Google's and Microsoft's form).  Pure. */
#ifndef SASL_BEARER_H
#define SASL_BEARER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* gs2-header kvsep *kvpair kvsep: AUTHZID is what stands behind "a=" (may be
 * empty), TOKEN what the client bears.  False when it is none, has no token or
 * one with characters that RFC 6750 2.1 does not allow. */
bool bearer_parse(struct slice in, struct buf *authzid, struct buf *token);
/* "user=" name ^A "auth=Bearer " token ^A ^A */
bool bearer_parse_xoauth2(
    struct slice in, struct buf *login, struct buf *token);

/* What tells the client that its token is not good (RFC 7628 3.2.2; the form
 * that XOAUTH2 has is the same). */
const char *bearer_error(void);

#endif
