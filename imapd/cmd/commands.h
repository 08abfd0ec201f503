/* SPDX-License-Identifier: ISC */
/* The commands there are; one file imapd/cmd/<verb>.c each, or imapd/append,
 * imapd/fetch and imapd/search. */
#ifndef IMAPD_CMD_COMMANDS_H
#define IMAPD_CMD_COMMANDS_H

#include <stdint.h>

#include "imapd/conn/session.h"

enum { S_ALONE = 1 << 5 }; /* among the states: needs no account's index */
struct imapd_command {
	const char *name; /* "UID FETCH" is a name */
	unsigned states;  /* enum session_state, where it is allowed */
	enum update update;
	unsigned rights; /* maildir/rights.h: on the selected mailbox */
	/* P stands behind the name.  Answers, or starts a job. */
	void (*run)(struct session *s, struct parse *p);
	/* A literal was announced (imapd_text).  True: taken, a job reads it.
	 * False, and NULL: it is part of the command. */
	bool (*literal)(struct session *s, struct parse *p);
};

/* The command that P begins with, whose name is then read; NULL: none. */
const struct imapd_command *imapd_command_find(struct parse *p);
/* Is this a command of the UID kind (answers carry UIDs)? */
bool imapd_command_is_uid(const struct imapd_command *c);
/* Are its messages named by sequence numbers (RFC 9586 3)? */
bool imapd_command_has_numbers(const struct imapd_command *c);

#define IMAPD_COMMAND(verb)                                                    \
	void imapd_cmd_##verb(struct session *s, struct parse *p)
IMAPD_COMMAND(append);
IMAPD_COMMAND(capability);
IMAPD_COMMAND(check);
IMAPD_COMMAND(close);
IMAPD_COMMAND(compress);
IMAPD_COMMAND(copy);
IMAPD_COMMAND(create);
IMAPD_COMMAND(delete);
IMAPD_COMMAND(enable);
IMAPD_COMMAND(examine);
IMAPD_COMMAND(expunge);
IMAPD_COMMAND(fetch);
IMAPD_COMMAND(getquota);
IMAPD_COMMAND(getquotaroot);
IMAPD_COMMAND(id);
IMAPD_COMMAND(idle);
IMAPD_COMMAND(list);
IMAPD_COMMAND(logout);
IMAPD_COMMAND(lsub);
IMAPD_COMMAND(move);
IMAPD_COMMAND(namespace);
IMAPD_COMMAND(noop);
IMAPD_COMMAND(rename);
IMAPD_COMMAND(replace);
IMAPD_COMMAND(search);
IMAPD_COMMAND(select);
IMAPD_COMMAND(setquota);
IMAPD_COMMAND(status);
IMAPD_COMMAND(store);
IMAPD_COMMAND(subscribe);
IMAPD_COMMAND(uid_expunge);
IMAPD_COMMAND(unauthenticate);
IMAPD_COMMAND(unselect);
IMAPD_COMMAND(unsubscribe);
bool imapd_append_literal(struct session *s, struct parse *p);
bool imapd_replace_literal(struct session *s, struct parse *p);
/* The largest message that is taken: APPENDLIMIT. */
int64_t imapd_append_limit(void);
/* "IMAP4rev1 ..." for CAPABILITY and the answer to a login. */
void imapd_put_capabilities(const struct session *s, struct buf *out);

#endif
