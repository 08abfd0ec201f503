/* SPDX-License-Identifier: ISC */
/* Listening sockets: bound once, kept over reloads, closed when no service of
 * the configuration names them any more. */
#ifndef MASTER_LISTEN_H
#define MASTER_LISTEN_H

#include "base/buf.h"
#include "conf/master.h"

/* Bind what CONF names and is not bound yet.  -1 and a line for each address
 * that could not be bound in WHY; what was bound before stays. */
int master_listen_bind(const struct master_conf *conf, struct buf *why);
/* Close what CONF does not name. */
void master_listen_trim(const struct master_conf *conf);
/* The socket bound to ADDR, or -1. */
int master_listen_find(const struct addr *addr);

/* Bind and listen on the UNIX socket PATH with MODE; replaces a stale one. */
int master_listen_unix(
    const char *path, mode_t mode, int type, struct err *err);

#endif
