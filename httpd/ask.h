/* SPDX-License-Identifier: ISC */
/* The MTA-STS policy of a domain of ours (RFC 8461 3.2): lookup knows whether
 * it is one. */
#ifndef HTTPD_ASK_H
#define HTTPD_ASK_H

struct http_request;
struct httpd_ask;
struct httpd_session;

/* The request is for a name "mta-sts.DOMAIN". */
void httpd_ask_mta_sts(struct httpd_session *s, const struct http_request *r);
/* Nobody waits for the answer; accepts a pointer to NULL. */
void httpd_ask_free(struct httpd_ask **p);

#endif
