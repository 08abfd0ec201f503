/* SPDX-License-Identifier: ISC */
/*
 * An entry of the table app_passwords: the passwords that an account has for
 * programs, beside its own.
 *
 *     alice@pabal.test name=phone hash=HASH protocols=imap,smtp
 *         networks=192.0.2.0/24,[2001:db8::]/32 expires=2027-01-31; name=...
 *
 * (on one line).  hash is of sasl/app.h; without protocols, networks or expires
 * it is for any, from anywhere, for good.  expires is a day or a second of UTC:
 * 2027-01-31 or 2027-01-31T12:00:00Z, from when on it counts no longer.
 */
#ifndef TABLE_APP_H
#define TABLE_APP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct addr;

enum { APP_MAX = 50, APP_NAME_MAX = 64 };

/* Slices of the entry. */
struct app_entry {
	struct slice name, hash;
	struct slice protocols, networks; /* with commas; empty: any */
	struct slice expires;             /* empty: never */
	int64_t expires_s;
};

/* The first of the passwords in *VALUE, which is what follows then.  FOUND,
 * ABSENT when there is none, TEMPFAIL (ERR) when it is invalid. */
enum found app_next(struct slice *value, struct app_entry *e, struct err *err);
/* As app_next reads it, to OUT; behind another with "; " between. */
void app_format(const struct app_entry *e, struct buf *out);
/* Is E good for PROTOCOL (one of imap, pop3, managesieve, jmap, smtp), a client
 * at ADDR, at NOW? */
bool app_allows(const struct app_entry *e, struct slice protocol,
    const struct addr *addr, int64_t now_s);

/* For table/kind.h. */
int app_check(struct slice name, struct slice value, struct err *err);

#endif
