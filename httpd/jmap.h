/* SPDX-License-Identifier: ISC */
/* Where JMAP is on this host (RFC 8620 2), and which web pages may use it. */
#ifndef HTTPD_JMAP_H
#define HTTPD_JMAP_H

#include <stdbool.h>

struct http_request;
struct httpd_session;

/* Answer R, now or later; false: it is for something else. */
bool httpd_jmap_answer(struct httpd_session *s, const struct http_request *r);

#endif
