/* SPDX-License-Identifier: ISC */
/*
 * Who a connection's client is: what Authorization says (RFC 7617, RFC 6750),
 * asked of auth, which gives a ticket to the account's jmapd.
 *
 * A client says it with each request.  What was right is not asked again on the
 * same connection for `authentication_lifetime`, as long as it is said in the
 * same words (of which nothing but a digest is kept) and that jmapd is there.
 */
#ifndef HTTPD_ACCOUNT_H
#define HTTPD_ACCOUNT_H

#include "base/slice.h"

struct httpd_account;
struct httpd_session;
struct ipc;

/* Find out who it is by the value of Authorization.  THEN is called once, also
 * before this returns: with 0, or with the status of the answer that says why
 * not (401, 403, 429, 503) and fields for it. */
typedef void (*httpd_account_then)(
    struct httpd_session *s, unsigned status, const char *fields);
void httpd_account_ask(struct httpd_session *s, struct slice authorization,
    httpd_account_then then);
/* The channel to the jmapd of the client's account; NULL: it is gone. */
struct ipc *httpd_account_peer(const struct httpd_session *s);
/* Its jmapd does not answer: whoever comes next is asked who he is. */
void httpd_account_lost(struct httpd_session *s);
/* A channel is gone: ipc_table's on_gone. */
void httpd_account_on_gone(struct ipc *peer);
/* Nobody waits for it; accepts a pointer to NULL. */
void httpd_account_free(struct httpd_account **p);

#endif
