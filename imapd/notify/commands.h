/* SPDX-License-Identifier: ISC */
/* The handler of this folder. */
#ifndef IMAPD_NOTIFY_COMMANDS_H
#define IMAPD_NOTIFY_COMMANDS_H

struct parse;
struct session;

void imapd_cmd_notify(struct session *s, struct parse *p);

#endif
