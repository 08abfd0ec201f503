/* SPDX-License-Identifier: ISC */
/*
 * Authentication-Results (RFC 8601): writing a field, and knowing those that
 * somebody else has written in our name.  Whatever a value holds, it stays a
 * value.
 */
#ifndef MAILAUTH_AUTHRES_H
#define MAILAUTH_AUTHRES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

struct authres {
	struct buf *out;
	bool any; /* a result is there */
};

/* "Authentication-Results: ID"; ID is our authserv-id, a host's name. */
void authres_begin(struct authres *r, struct buf *out, struct slice id);
/* "; METHOD=RESULT" on a line of its own. */
void authres_result(struct authres *r, const char *method, const char *result);
/* " reason=..."; nothing when WHY is empty. */
void authres_reason(struct authres *r, struct slice why);
/* " NAME=VALUE", as "smtp.mailfrom"; nothing when VALUE is empty. */
void authres_property(struct authres *r, const char *name, struct slice value);
/* "; none" where there is no result, and the end of the line. */
void authres_end(struct authres *r);

/* Add VALUE as a token, an address of tokens, or a quoted string.  Control
 * characters and what is not UTF-8 become "?". */
void authres_put_value(struct buf *out, struct slice value);

/* Does a field with this VALUE say that it is of ID?  In any case of letters,
 * behind comments and folding, in quotes; and where it is malformed, if ID is
 * anywhere in front of its first result.  Such a field goes when it arrives
 * from outside (5). */
bool authres_is_of(struct slice value, struct slice id);

#endif
