/* SPDX-License-Identifier: ISC */
/* One command line of a client (RFC 1939 3), by a table of its verb's form. */
#ifndef POP3D_PARSE_H
#define POP3D_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum pop3d_args {
	ARGS_NONE,
	ARGS_ANY,          /* as they are: text */
	ARGS_NUMBER,       /* a message number */
	ARGS_MAYBE_NUMBER, /* or none */
	ARGS_NUMBER_LINES, /* a message number and how many lines */
};

struct pop3d_command {
	struct slice verb; /* as it came */
	bool has_number;
	uint32_t number; /* at least 1 */
	uint64_t lines;
	struct slice text;
};

/* Cut LINE (without its line end; blanks at its end do no harm) into its verb
 * and arguments.  The verb is all that is set at first. */
struct slice pop3d_parse_verb(struct slice line, struct pop3d_command *c);
/* Read the arguments REST that were behind the verb.  NULL, or what is wrong
 * with them, for the client. */
const char *pop3d_parse_args(
    struct slice rest, enum pop3d_args form, struct pop3d_command *c);

#endif
