/* SPDX-License-Identifier: ISC */
/* What a login names, as auth understands it. */
#ifndef AUTH_ASKED_H
#define AUTH_ASKED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

/* The account that NAME means, or NAME itself where it can be none: then no
 * table knows it.  The caller frees it. */
char *asked_account(struct slice name);
/* Whom the failures of CLIENT count for (penalty_source, in BYTES); nobody
 * where it speaks for many people. */
struct slice asked_source(struct slice client, uint8_t bytes[16]);
/* Does MECHANISM hand over the password itself, a token; is it SCRAM? */
bool asked_tells_password(struct slice mechanism);
bool asked_tells_token(struct slice mechanism);
bool asked_is_scram(struct slice mechanism);
/* Are all mechanisms that are to be offered ours?  ERR_PERM: not. */
int asked_mechanisms(struct err *err);

#endif
