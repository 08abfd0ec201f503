/* SPDX-License-Identifier: ISC */
/* Answers, written to the client of a session. */
#ifndef HTTPD_ANSWER_H
#define HTTPD_ANSWER_H

#include <stdint.h>

#include "base/slice.h"

struct httpd_session;

/* A whole answer, and the end of its request; TYPE is its media type. */
void httpd_answer(struct httpd_session *s, unsigned status, const char *type,
    struct slice content);
/* One with the reason as its content, and FIELD ("Allow: GET\r\n", or "") among
 * its fields. */
void httpd_answer_status(
    struct httpd_session *s, unsigned status, const char *field);
/* STATUS instead of an answer to what is no request; the connection ends. */
void httpd_answer_malformed(struct httpd_session *s, unsigned status);

/* Begin an answer: its status line and fields, with FIELDS (whole lines) among
 * them, and LENGTH bytes of content that are to follow; HTTPD_UNKNOWN: FIELDS
 * say how long it is, or the end of the connection does. */
#define HTTPD_UNKNOWN UINT64_MAX
void httpd_answer_begin(struct httpd_session *s, unsigned status,
    const char *type, uint64_t length, const char *fields);

#endif
