/* SPDX-License-Identifier: ISC */
/* What there is to be had here, and who answers for it. */
#ifndef HTTPD_SITE_H
#define HTTPD_SITE_H

struct http_request;
struct httpd_session;

/* Answer R, now or later. */
void httpd_site_answer(struct httpd_session *s, const struct http_request *r);

#endif
