/* SPDX-License-Identifier: ISC */
/*
 * An entry of the table commands: what "pipe:NAME" of the table transports
 * runs.  A program and its arguments, without a shell; uid= before them, where
 * it is not nobody's:
 *
 *     lists      uid=2001 /usr/bin/listd --from ${sender} -- ${recipient}
 *     archive    /usr/local/bin/archive "--note=for ${domain}"
 *
 * Words are separated by blanks; within double quotes they are not.
 */
#ifndef TABLE_COMMAND_H
#define TABLE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum { TABLE_COMMAND_ARGS_MAX = 64 };

struct table_command {
	uint32_t uid; /* 0: nobody's */
	size_t n;
	struct slice args[TABLE_COMMAND_ARGS_MAX]; /* the program first */
};

/* What can stand for ${...}. */
enum table_command_macro {
	MACRO_SENDER, /* MAILER-DAEMON for the null sender */
	MACRO_RECIPIENT,
	MACRO_ORIGINAL, /* ORCPT's address, else recipient */
	MACRO_MAILBOX,  /* the local part */
	MACRO_USER,     /* that without its extension */
	MACRO_EXTENSION,
	MACRO_DOMAIN,
	MACRO_QUEUE_ID,
	MACRO_SIZE,
	MACRO_CLIENT_ADDRESS,
	MACRO_COUNT
};

/* Read an entry's value; quotes are gone from C, which is in ARENA. */
int table_command_parse(struct slice value, struct arena *arena,
    struct table_command *c, struct err *err);
/* ARG with VALUES for its macros, as a string in ARENA; NULL: it is too long,
 * or would begin with a "-" that is not ARG's own. */
char *table_command_fill(
    struct slice arg, const struct slice *values, struct arena *arena);

/* For table/kind.h; also whether KEY may be the name of one. */
int table_command_check(struct slice key, struct slice value, struct err *err);
bool table_command_is_name(struct slice key);

#endif
