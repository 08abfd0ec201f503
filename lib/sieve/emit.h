/* SPDX-License-Identifier: ISC */
/* The generator: checked trees to code (sieve/code.h). */
#ifndef SIEVE_EMIT_H
#define SIEVE_EMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "sieve/code.h"
#include "sieve/scope.h"

struct buf;
struct sieve_lang;
struct sieve_node;

/* One script of a compilation. */
struct sieve_unit {
	struct slice name;
	enum sieve_location location;
	struct slice text;
	struct sieve_node *commands;
	struct sieve_scope scope;
	uint64_t exts;
	uint32_t depth; /* of includes */
	bool open;      /* it is being read: who includes it makes a circle */
	bool failed;
};

/* Code of the UNITS, the main one first, behind OUT; false: it does not fit.
 * SLOTS are all variables. */
bool sieve_emit(const struct sieve_lang *lang, const struct sieve_unit *units,
    uint32_t n, const struct sieve_slots *slots, struct buf *out);
/* What a compilation keeps of a script's text to know whether it changed. */
uint64_t sieve_emit_hash(struct slice text);

#endif
