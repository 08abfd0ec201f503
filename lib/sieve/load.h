/* SPDX-License-Identifier: ISC */
/*
 * Code read back: its bytes may be of anybody.  What is loaded refers to
 * nothing that is not there, jumps to where instructions begin, and has of each
 * word the arguments that the language's table wants.
 */
#ifndef SIEVE_LOAD_H
#define SIEVE_LOAD_H

#include "base/arena.h"
#include "base/err.h"
#include "sieve/call.h"

struct sieve_slot;

struct sieve_script {
	struct slice name;
	enum sieve_location location;
	uint64_t hash; /* of its text, sieve_emit_hash */
	uint32_t entry;
};

struct sieve_code {
	struct arena arena;
	struct sieve_bounds bounds;
	struct sieve_lang lang; /* what bounds points at */
	struct sieve_script *scripts;
	uint32_t nscripts;
	struct sieve_slot *slots;
	struct slice *strings;
	struct slice code;
};

/* NULL: it is no code of this version, damaged, or uses what LANG has not
 * (ERR_PERM: compile the text again).  Nothing is borrowed but LANG's host. */
struct sieve_code *sieve_load(
    struct slice bytes, const struct sieve_lang *lang, struct err *err);
void sieve_load_free(struct sieve_code **c);

#endif
