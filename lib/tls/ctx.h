/* SPDX-License-Identifier: ISC */
/* The inside of servers and clients; for lib/tls alone. */
#ifndef TLS_CTX_H
#define TLS_CTX_H

#include <openssl/ssl.h>

struct tls_server;
struct tls_client;
struct tls_conn;
struct tls_resume;
struct tls_signer;

struct tls_server *tls_server_ref(struct tls_server *s);
SSL_CTX *tls_server_ctx(const struct tls_server *s);
struct tls_signer *tls_server_signer(const struct tls_server *s);

struct tls_client *tls_client_ref(struct tls_client *c);
SSL_CTX *tls_client_ctx(struct tls_client *c);
struct tls_resume *tls_client_sessions(struct tls_client *c);

/* For tests that look inside. */
SSL *tls_conn_ssl(const struct tls_conn *c);

/* What servers and clients have in common. */
SSL_CTX *tls_ctx_new(const SSL_METHOD *method);

#endif
