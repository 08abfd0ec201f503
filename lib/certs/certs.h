/* SPDX-License-Identifier: ISC */
/*
 * The certificates of the keys daemon in a process that faces clients, kept
 * up to date while they are renewed, and signatures by their keys.  One for
 * the process.
 *
 * The daemon declares REACH(ROLE_KEYS), puts certs_on_changed into its table
 * as [MSG_keys_changed], and calls certs_on_gone from the table's on_gone.
 */
#ifndef CERTS_CERTS_H
#define CERTS_CERTS_H

#include <stdbool.h>

struct err;
struct ipc;
struct msg;
struct shared_conf;
struct tls_server;

/* Take up tls_min_version and tls_ciphers, before certs_start and after each
 * change.  ERR_PERM: they make no sense, and those of before stay. */
int certs_configure(const struct shared_conf *conf, struct err *err);
/* Begin to load.  ON_LOADED (may be NULL) runs each time that all is there:
 * the first time the daemon may tell that it is ready. */
void certs_start(void (*on_loaded)(void));
/* Was all loaded once? */
bool certs_loaded(void);
/* For tls_layer_accept; borrowed until the next turn of the loop.  NULL: no
 * certificate is configured, so offer no TLS. */
struct tls_server *certs_server(void);

void certs_on_changed(struct ipc *peer, struct msg *m);
void certs_on_gone(struct ipc *peer);

#endif
