/* SPDX-License-Identifier: ISC */
/* What a filter answers to SMFIC_OPTNEG. */
#ifndef SMFI_OPTIONS_H
#define SMFI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "smfi/macros.h"
#include "smfi/protocol.h"

struct smfi_options {
	uint32_t version;
	uint32_t actions; /* SMFIF_… that it may ask for */
	uint32_t steps;   /* SMFIP_… */
	struct smfi_macros macros;
};

/* TEXT is the value of the reply; ACTIONS and STEPS are what was offered.
 * False: *WHY says why we cannot work together. */
bool smfi_options_parse(struct slice text, uint32_t actions, uint32_t steps,
    struct smfi_options *o, const char **why);

#endif
