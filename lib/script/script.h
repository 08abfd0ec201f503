/* SPDX-License-Identifier: ISC */
/* The scripts of an account, and the code that was made of the active one. */
#ifndef SCRIPT_SCRIPT_H
#define SCRIPT_SCRIPT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "sievestore/place.h"

enum { SCRIPT_MAX_BYTES = 1 << 20, SCRIPT_CODE_MAX_BYTES = 8 << 20 };

struct account_script {
	int account; /* its directory; -1: not open */
	struct sievestore store;
	char *name; /* NULL: none is active */
	struct buf text;
	char code[48]; /* where its code is kept */
};

/* Open the one that is active in the account at HOME, a path beneath DIR.
 * ABSENT: none is, and s->account is -1; or there is one that cannot be had,
 * and ERR says why. */
enum found script_open(
    int dir, const char *home, struct account_script *s, struct err *err);
/* Only the account's directory, of one that has no script. */
int script_open_account(
    int dir, const char *home, struct account_script *s, struct err *err);
/* S, opened so, has the script NAME of that account from now on. */
enum found script_take(
    struct account_script *s, struct slice name, struct err *err);
void script_close(struct account_script *s);

/* Another one of the account, that it includes: TEXT's maximum is
 * SCRIPT_MAX_BYTES. */
enum found script_other(
    const struct account_script *s, struct slice name, struct buf *text);

/* Its name; empty: none is active. */
struct slice script_known(const struct account_script *s);
/* What code keeps of a TEXT, to know it again. */
uint64_t script_hash(struct slice text);

/* The code that was kept; ABSENT: none, or it cannot be read. */
enum found script_code(const struct account_script *s, struct buf *code);
/* Keep it, as well as may be; it is checked when it is used. */
void script_keep_code(const struct account_script *s, struct slice code);

#endif
