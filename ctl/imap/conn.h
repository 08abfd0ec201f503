/* SPDX-License-Identifier: ISC */
/* The connection to a foreign server: TCP with or without TLS, blocking, with a
 * limit to how long nothing may come. */
#ifndef CTL_IMAP_CONN_H
#define CTL_IMAP_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct tls_client;
struct tls_conn;

struct imap_conn {
	int fd;
	struct tls_conn *tls; /* NULL: in the clear */
	int timeout_ms;
	struct buf in; /* what came and was not used */
	size_t used;   /* of it */
};

/* To HOST (a name or an address), whose addresses are tried in turn. */
int imap_conn_open(struct imap_conn *c, const char *host, uint16_t port,
    int timeout_ms, struct err *err);
void imap_conn_close(struct imap_conn *c);
/* TLS from here on, with HOST's certificate VERIFIED or with any.  What came in
 * the clear before is no input (ERR_PERM). */
int imap_conn_tls(struct imap_conn *c, struct tls_client *client,
    const char *host, bool verified, struct err *err);
int imap_conn_write(struct imap_conn *c, struct slice bytes, struct err *err);
/* What is there, after a wait where that is nothing; imap_conn_used takes it
 * off.  ERR_TEMP: the server has closed, or says nothing. */
int imap_conn_read(struct imap_conn *c, struct slice *in, struct err *err);
void imap_conn_used(struct imap_conn *c, size_t n);

#endif
