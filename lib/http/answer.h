/* SPDX-License-Identifier: ISC */
/* What an answer in HTTP/1.1 begins with. */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include <stdint.h>

#include "base/buf.h"

enum { HTTP_DATE_SIZE = 30 };

/* "Not Found" of 404; "Error": it is none that is used here. */
const char *http_reason(unsigned status);
/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7) of UNIX_S. */
void http_date(int64_t unix_s, char out[HTTP_DATE_SIZE]);

/* The status line and Date of NOW_S; fields and an empty line are to follow. */
void http_answer_begin(struct buf *out, unsigned status, int64_t now_s);
/* A field; VALUE is ours, or has been looked at: no control characters. */
void http_answer_field(struct buf *out, const char *name, const char *value);

#endif
