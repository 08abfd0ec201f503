/* SPDX-License-Identifier: ISC */
/*
 * One TLS connection over a non-blocking socket.  Nothing here blocks or
 * waits: each call says what it needs to go on.
 *
 * STARTTLS: what a client sent in the clear behind its STARTTLS must never be
 * taken for protected input (RFC 3207 4.2 and 6, RFC 9051 11.1).  The
 * connection reads the socket itself and takes no bytes from its maker, so
 * whoever swaps the layers must have an empty input buffer, and refuse the
 * session if it has not (tls_layer does).
 */
#ifndef TLS_CONN_H
#define TLS_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/slice.h"

struct tls_client;
struct tls_conn;
struct tls_server;

/* What a call gives if not a count of bytes. */
enum {
	TLS_EOF = 0,         /* the peer closed */
	TLS_ERROR = -1,      /* struct err is filled; only freeing is left */
	TLS_WANT_READ = -2,  /* call again when the socket is readable */
	TLS_WANT_WRITE = -3, /* … writable */
	TLS_WANT_SIGN = -4, /* … when tls_conn_on_ready's function is called */
};

enum tls_verify {
	TLS_VERIFY_NONE, /* go on with any certificate; the facts say */
	TLS_VERIFY_HOST, /* chain to a trusted CA and match the host's name */
	TLS_VERIFY_DANE, /* match a record of tls_conn_add_tlsa (RFC 7672) */
};

/* FD stays the caller's, and stays open until the connection is freed. */
struct tls_conn *tls_conn_new_server(struct tls_server *s, int fd);
/* HOST: for SNI and the match; an address literal is not sent as SNI.  -1
 * (ERR_PERM) when HOST is no name. */
int tls_conn_new_client(struct tls_client *c, int fd, const char *host,
    enum tls_verify verify, struct tls_conn **out, struct err *err);
/* Frees at once, also in the middle of a handshake that waits. */
void tls_conn_free(struct tls_conn **c);

/* A usable TLSA record before a TLS_VERIFY_DANE handshake: 1, an unusable one
 * (RFC 7671 4): 0. */
int tls_conn_add_tlsa(struct tls_conn *c, uint8_t usage, uint8_t selector,
    uint8_t matching, struct slice data);

/* Before the handshake: go on with any certificate after all, as with
 * TLS_VERIFY_NONE (no record was usable, RFC 7672 2.2). */
void tls_conn_verify_none(struct tls_conn *c);

/* Before the handshake: the certificate may have one of NAMES (separated by
 * spaces; ".example.org" is any name beneath it) and not that of the host.  -1:
 * there is none. */
int tls_conn_match(struct tls_conn *c, struct slice names, struct err *err);
/* Before the handshake of a client: resume the session that KEY names, if there
 * is one (true), and keep this one under KEY.  KEY has all that the handshake
 * depends on (host, port, verification and what it goes by). */
bool tls_conn_resume(struct tls_conn *c, struct slice key);
/* Did the handshake fail because the certificate was not the right one? */
bool tls_conn_is_untrusted(const struct tls_conn *c);

/* Called when the signature a handshake waits for is there; the handshake is
 * then to be called again (from inside FN or later). */
typedef void tls_ready_fn(struct tls_conn *c, void *arg);
void tls_conn_on_ready(struct tls_conn *c, tls_ready_fn *fn, void *arg);

/* 1: done; TLS_EOF is an error here and never given. */
int tls_conn_handshake(struct tls_conn *c, struct err *err);
/* Bytes (> 0) or one of the values above.  Handshakes first if need be. */
ssize_t tls_conn_read(struct tls_conn *c, void *p, size_t n, struct err *err);
ssize_t tls_conn_write(
    struct tls_conn *c, const void *p, size_t n, struct err *err);
/* Tell the peer that no more comes (1: told).  Does not wait for its word. */
int tls_conn_shutdown(struct tls_conn *c, struct err *err);
/* Bytes that were received and can be read without the socket?  Not when the
 * last call gave TLS_WANT_READ. */
bool tls_conn_pending(const struct tls_conn *c);

/* What the log says of a session. */
struct tls_facts {
	const char *version; /* "TLSv1.3"; static */
	const char *cipher;  /* static */
	int bits;
	bool resumed;
	bool verified;          /* clients: by CA and name, or by TLSA */
	const char *unverified; /* why not; static */
	char sni[256];          /* what was asked for; may be empty */
};
/* After the handshake. */
void tls_conn_facts(const struct tls_conn *c, struct tls_facts *facts);

#endif
