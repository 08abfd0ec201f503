/* SPDX-License-Identifier: ISC */
/* Status lines: RFC 1939 3, response codes of RFC 2449. */
#ifndef POP3D_REPLY_H
#define POP3D_REPLY_H

#include <stdbool.h>

struct buf;
struct err;
struct pop3d_session;

/* +OK; mistakes are counted anew. */
void pop3d_reply_ok(struct pop3d_session *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Where a reply that is no single line is written; mistakes are counted anew.
 */
struct buf *pop3d_reply_open(struct pop3d_session *s);
/* The client's mistake.  True when it was one too many, which the client has
 * been told instead: the session is to end. */
bool pop3d_reply_err(struct pop3d_session *s, const char *text);
/* Not the client's mistake. */
void pop3d_reply_fail(struct pop3d_session *s, const char *text);
/* WHY, with the response code that it has (proto/errwords.h). */
void pop3d_reply_fail_err(struct pop3d_session *s, const struct err *why);

#endif
