/* SPDX-License-Identifier: ISC */
/* Bearer tokens (RFC 6750), by the keys and rules that are configured. */
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include "base/err.h"
#include "base/slice.h"

/* The file of keys beneath DIR, if one is configured, can be read. */
int auth_token_try(int dir, struct err *err);
/* auth_conf is new; the file is read anew whenever it was replaced. */
int auth_token_configure(int dir, struct err *err);
void auth_token_stop(void);

/* NULL: TOKEN is good, and *ACCOUNT (the caller's to free) whom it names.
 * Otherwise what is wrong with it, for the log. */
const char *auth_token_check(struct slice token, char **account);

#endif
