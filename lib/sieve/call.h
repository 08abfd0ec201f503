/* SPDX-License-Identifier: ISC */
/* One command or test as it stands in code, taken apart. */
#ifndef SIEVE_CALL_H
#define SIEVE_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sieve/code.h"
#include "sieve/lang.h"

enum { SIEVE_CALL_TAGS = 16 };

struct sieve_operand {
	enum sieve_operand_kind kind;
	const unsigned char *p; /* what stands behind the kind */
};

struct sieve_call {
	const struct sieve_word *word;
	uint32_t line;
	size_t ntags;
	struct {
		uint8_t id;
		struct sieve_operand value;
	} tags[SIEVE_CALL_TAGS];
	struct sieve_operand args[SIEVE_ARGS_MAX];
};

/* What numbers in code may refer to. */
struct sieve_bounds {
	const struct sieve_lang *lang;
	uint64_t exts;
	uint64_t nstrings, nslots;
};

/* Read what stands behind OP_WORD; false: it is not as the table of the
 * language has it, or refers to what there is not. */
bool sieve_call_read(struct sieve_reader *r, const struct sieve_bounds *bounds,
    struct sieve_call *c);
/* The tag with this id; NULL: it is not there. */
const struct sieve_operand *sieve_call_tag(const struct sieve_call *c, int id);
static inline bool
sieve_call_has(const struct sieve_call *c, int id)
{
	return sieve_call_tag(c, id) != NULL;
}

#endif
