/* SPDX-License-Identifier: ISC */
/* TLSA records of a host (RFC 7672): asking lookup, giving them to TLS. */
#ifndef SMTP_ROUTE_DANE_H
#define SMTP_ROUTE_DANE_H

#include <stdbool.h>

#include "base/slice.h"

struct smtp_dane;
struct smtp_session;
struct tls_conn;

/* Ask for the records of S's host.  DONE comes later: they are KNOWN, all or
 * none, or cannot be. */
void smtp_dane_ask(
    struct smtp_session *s, void (*done)(struct smtp_session *s, bool known));
/* Forget them, also while they are asked for. */
void smtp_dane_free(struct smtp_dane **d);
/* There are validated records: TLS is not optional.  D may be NULL. */
bool smtp_dane_has_records(const struct smtp_dane *d);
/* Have CONN match one of them; how many are usable. */
unsigned smtp_dane_apply(const struct smtp_dane *d, struct tls_conn *conn);
/* The records, as text. */
struct slice smtp_dane_records(const struct smtp_dane *d);

#endif
