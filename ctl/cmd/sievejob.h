/* SPDX-License-Identifier: ISC */
/* A script that a command was given, with what it includes, and a message: read
 * before the command is confined, and compiled behind that. */
#ifndef CTL_CMD_SIEVEJOB_H
#define CTL_CMD_SIEVEJOB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "ctl/mail/sievefiles.h"
#include "sieve/lang.h"
#include "sieve/limits.h"

struct ctl;
struct sieve_code;

struct sievejob {
	struct sieve_lang lang; /* the instance's, where there is one */
	struct sieve_limits limits;
	const struct ctl *ctl;
	const char *name; /* of the script, without its directory */
	struct buf script, message;
	struct sievefiles personal, global;
};

/* Read SCRIPT, what is beside it, and what is in the directory GLOBAL (NULL:
 * none); MESSAGE stays empty.  -1: it was said why not.  Close in any case. */
int sievejob_open(struct sievejob *j, const struct ctl *ctl, const char *script,
    const char *global);
void sievejob_close(struct sievejob *j);
/* NULL: it has errors, which were printed; with PRINT its warnings are, too. */
struct sieve_code *sievejob_compile(
    struct sievejob *j, bool print, size_t *warnings);

#endif
