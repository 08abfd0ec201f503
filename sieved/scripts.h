/* SPDX-License-Identifier: ISC */
/* The commands that are about scripts (RFC 5804 2.5 to 2.12). */
#ifndef SIEVED_SCRIPTS_H
#define SIEVED_SCRIPTS_H

#include <stdint.h>

#include "base/buf.h"

struct sieved_session;

enum { SIEVED_SCRIPT_MAX = 1 << 20 }; /* that any host allows */

/* What a command may have: two names, a script, a number. */
struct sieved_args {
	struct buf a, b, script;
	uint32_t number;
};

void sieved_on_havespace(struct sieved_session *s, struct sieved_args *args);
void sieved_on_putscript(struct sieved_session *s, struct sieved_args *args);
void sieved_on_checkscript(struct sieved_session *s, struct sieved_args *args);
void sieved_on_listscripts(struct sieved_session *s, struct sieved_args *args);
void sieved_on_setactive(struct sieved_session *s, struct sieved_args *args);
void sieved_on_getscript(struct sieved_session *s, struct sieved_args *args);
void sieved_on_deletescript(struct sieved_session *s, struct sieved_args *args);
void sieved_on_renamescript(struct sieved_session *s, struct sieved_args *args);

#endif
