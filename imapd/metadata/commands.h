/* SPDX-License-Identifier: ISC */
/* The handlers of this folder. */
#ifndef IMAPD_METADATA_COMMANDS_H
#define IMAPD_METADATA_COMMANDS_H

#include <stdbool.h>

struct parse;
struct session;

void imapd_cmd_getmetadata(struct session *s, struct parse *p);
void imapd_cmd_setmetadata(struct session *s, struct parse *p);
bool imapd_setmetadata_literal(struct session *s, struct parse *p);

#endif
