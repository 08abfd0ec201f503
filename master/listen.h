/* SPDX-License-Identifier: ISC */
/* Listening sockets: bound once, kept over reloads, closed when no service of
 * the configuration names them any more. */
#ifndef MASTER_LISTEN_H
#define MASTER_LISTEN_H

#include <stdbool.h>

#include "base/buf.h"
#include "conf/master.h"

struct addr;
struct err;

/* Bind what CONF names and is not bound yet.  -1 and a line for each address
 * that could not be bound in WHY; what was bound before stays. */
int master_listen_bind(const struct master_conf *conf, struct buf *why);
/* Could they be bound?  Nothing of it stays. */
int master_listen_try(const struct master_conf *conf, struct buf *why);
/* Was an address that the last of these could not have one that a daemon of
 * ours may hold?  Those of a master that was killed give it up in a moment. */
bool master_listen_busy(void);
/* Close what CONF does not name. */
void master_listen_trim(const struct master_conf *conf);
/* The socket bound to ADDR, or -1. */
int master_listen_find(const struct addr *addr);
/* Does it still listen?  Whoever has it can end that. */
bool master_listen_is_good(const struct addr *addr);
/* Bind ADDR, which does not, anew.  -1: the old socket stays; 1: likewise, for
 * it failed so often that the next attempt is to come later. */
int master_listen_renew(const struct addr *addr, struct err *err);

/* Bind and listen on the UNIX socket PATH with MODE; replaces a stale one. */
int master_listen_unix(
    const char *path, mode_t mode, int type, struct err *err);

#endif
