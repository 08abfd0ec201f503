/* SPDX-License-Identifier: ISC */
/* The files that pabal sieve works on, read before it is confined. */
#ifndef CTL_MAIL_SIEVEFILES_H
#define CTL_MAIL_SIEVEFILES_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum {
	SIEVEFILES_SCRIPT_MAX = 1 << 20,
	SIEVEFILES_MESSAGE_MAX = 256 << 20,
	SIEVEFILES_MAX = 256, /* scripts that may be included */
};

struct sievefile {
	char *name; /* without .sieve */
	struct buf text;
};

/* Scripts of one directory. */
struct sievefiles {
	struct sievefile *list;
	size_t n;
};

/* The whole of PATH, or of standard input for "-", into OUT, which was
 * initialised. */
int sievefiles_read(const char *path, struct buf *out, struct err *err);
/* All NAME.sieve beside the script PATH, or in the directory PATH. */
int sievefiles_open(
    struct sievefiles *f, const char *path, bool directory, struct err *err);
void sievefiles_close(struct sievefiles *f);
/* The text of the script NAME; NULL: there is none. */
const struct buf *sievefiles_find(
    const struct sievefiles *f, struct slice name);

/* The address in MESSAGE's field NAME, for an envelope that nobody told; empty:
 * it says none, or more than that. */
struct slice sievefiles_address(struct slice message, const char *name);

#endif
