/* SPDX-License-Identifier: ISC */
/*
 * Macros: facts about the session that filters are told before a command.
 * Which ones, the usual set of Sendmail and Postfix says, or the filter
 * (SMFIF_SETSYMLIST).
 */
#ifndef SMFI_MACROS_H
#define SMFI_MACROS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"
#include "smfi/protocol.h"

/* Facts by name, without braces, as they stand in IPC: NAME NUL VALUE NUL …; a
 * later one of the same name replaces it. */
enum { SMFI_FACTS_MAX = 32768, SMFI_MACRO_LIST_MAX = 512 };

struct smfi_facts {
	struct buf text;
};

void smfi_facts_init(struct smfi_facts *f);
void smfi_facts_fini(struct smfi_facts *f);
/* Take over those of TEXT, the empty ones too, which are facts no more. False:
 * malformed, or too many; then F is as it was. */
bool smfi_facts_add(struct smfi_facts *f, struct slice text);
/* Empty: there is none. */
struct slice smfi_facts_find(const struct smfi_facts *f, struct slice name);
/* One, for who makes such a text. */
void smfi_facts_put(struct buf *out, const char *name, struct slice value);

struct smfi_macros {
	/* Names with blanks between them; all zero: the usual set. */
	char lists[SMFIM_STAGES][SMFI_MACRO_LIST_MAX];
	bool own[SMFIM_STAGES];
};

void smfi_macros_preset(struct smfi_macros *m);
/* Names as filters give them: "j {client_addr}, i"; false: too many. */
bool smfi_macros_set(
    struct smfi_macros *m, enum smfi_macro_stage stage, struct slice names);
/* SMFIC_MACRO for COMMAND with what F has of STAGE's, where it has any. */
void smfi_macros_put(const struct smfi_macros *m, enum smfi_macro_stage stage,
    enum smfi_command command, const struct smfi_facts *f, struct buf *out);

#endif
