/* SPDX-License-Identifier: ISC */
/*
 * A request that the jmapd of an account answers: its content goes there as it
 * comes in, the answer to the client as it comes back, both in pieces, so that
 * neither end can make the other's work pile up (ipc/jmapd.h, doc/jmap.md).
 */
#ifndef HTTPD_CARRY_H
#define HTTPD_CARRY_H

#include <stddef.h>

#include "base/slice.h"
#include "ipc/jmapd.h"

struct http_request;
struct httpd_carry;
struct httpd_session;

/* R is one for WHAT, with PATH behind it; its client is found out next, and
 * knows this host as BASE.  It is answered in any case. */
void httpd_carry_new(struct httpd_session *s, const struct http_request *r,
    enum jmapd_what what, struct slice path, struct slice base);
/* Content of the request: how many bytes were taken. */
size_t httpd_carry_take(struct httpd_session *s, struct slice in);
/* What was written of the answer is sent. */
void httpd_carry_go_on(struct httpd_session *s);
/* Nobody waits for the answer; accepts a pointer to NULL. */
void httpd_carry_free(struct httpd_carry **p);

#endif
