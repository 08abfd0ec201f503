/* SPDX-License-Identifier: ISC */
/* What a client sends becomes commands, each of which is given to its handler
 * (cmd/commands.h), another imapd (relay) or a wait for the index. */
#ifndef IMAPD_CONN_DISPATCH_H
#define IMAPD_CONN_DISPATCH_H

struct session;
struct slice;

/* Take what belongs to the next command from IN; runs it when it is whole. */
void dispatch_feed(struct session *s, struct slice *in);

#endif
