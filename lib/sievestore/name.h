/* SPDX-License-Identifier: ISC */
/*
 * Names of scripts and of their files.  NAME is in NAME.sieve, as Pigeonhole
 * has it.  A name that is no file name (too long, with a slash, with a dot in
 * front) is in a file called after what of it can be shown and a hash; the
 * whole name is in a file beside that, which ends in .name instead.
 */
#ifndef SIEVESTORE_NAME_H
#define SIEVESTORE_NAME_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct buf;

enum {
	SIEVESTORE_NAME_MAX = 512,   /* bytes; 128 characters at least */
	SIEVESTORE_FILE_BYTES = 256, /* a file's name, with its NUL */
	SIEVESTORE_CODE_BYTES = 40   /* of one with code */
};
/* What was made of the active script, beside it. */
#define SIEVESTORE_CODE ".pabal-code"

/* May a script be called NAME (RFC 5804 1.6)? */
bool sievestore_name_valid(struct slice name);
/* The file of NAME, which is valid. */
void sievestore_name_file(
    struct slice name, char file[static SIEVESTORE_FILE_BYTES]);
/* The file with what was made of another one, NAME, which runs as well. */
void sievestore_name_code(
    struct slice name, char file[static SIEVESTORE_CODE_BYTES]);
/* The script that FILE, in the directory of scripts DIR, has; false: none.
 * NAME's maximum is SIEVESTORE_NAME_MAX at least. */
bool sievestore_name_of(int dir, const char *file, struct buf *name);
/* Before the file of NAME is made: what else is needed to find the name again
 * is on disk if 0. */
int sievestore_name_keep(int dir, struct slice name, struct err *err);
/* After the file of NAME was removed. */
void sievestore_name_drop(int dir, struct slice name);

#endif
