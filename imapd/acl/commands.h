/* SPDX-License-Identifier: ISC */
/* The handlers of this folder. */
#ifndef IMAPD_ACL_COMMANDS_H
#define IMAPD_ACL_COMMANDS_H

struct mailbox;
struct parse;
struct session;

void imapd_cmd_deleteacl(struct session *s, struct parse *p);
void imapd_cmd_getacl(struct session *s, struct parse *p);
void imapd_cmd_listrights(struct session *s, struct parse *p);
void imapd_cmd_myrights(struct session *s, struct parse *p);
void imapd_cmd_setacl(struct session *s, struct parse *p);

/* "* MYRIGHTS mailbox rights" CRLF; nothing where that cannot be found out (of
 * LIST: RFC 8440 3). */
void acl_put_myrights(struct session *s, struct mailbox *m);

#endif
