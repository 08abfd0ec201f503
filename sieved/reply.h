/* SPDX-License-Identifier: ISC */
/* Responses (RFC 5804 1.3). */
#ifndef SIEVED_REPLY_H
#define SIEVED_REPLY_H

#include <stdbool.h>

#include "base/slice.h"

struct err;
struct sieved_session;

/* OK; CODE may be NULL.  Mistakes are counted anew. */
void sieved_reply_ok(
    struct sieved_session *s, const char *code, struct slice text);
/* Not the client's mistake. */
void sieved_reply_no(
    struct sieved_session *s, const char *code, struct slice text);
/* WHY, with the response code that it has (proto/errwords.h). */
void sieved_reply_err(struct sieved_session *s, const struct err *why);
/* A command that makes no sense; too many end the session. */
void sieved_reply_invalid(struct sieved_session *s, const char *text);

#endif
