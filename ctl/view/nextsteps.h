/* SPDX-License-Identifier: ISC */
/* What is left to do when an instance has been made. */
#ifndef CTL_VIEW_NEXTSTEPS_H
#define CTL_VIEW_NEXTSTEPS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/buf.h"

struct template;

/* Can hosts anywhere reach SA?  Loopback, link-local, private and shared
 * addresses (RFC 1918, 4193, 6598) are none of those. */
bool nextsteps_is_public(const struct sockaddr *sa);

enum { NEXTSTEPS_ADDRESSES_MAX = 16 };
/* This machine's public addresses as text (owned), NULL behind the last. */
void nextsteps_addresses(char *addresses[NEXTSTEPS_ADDRESSES_MAX + 1]);

/* Add the records to publish for a mail host HOSTNAME of DOMAINS (NULL behind
 * the last) with ADDRESSES (as text, NULL behind the last; without one a
 * placeholder stands there), a line of a zone file each: addresses, MX (RFC
 * 5321 5), SPF (RFC 7208), DMARC (RFC 7489), and where clients find their
 * services (RFC 6186, 8314).  Names are A-labels. */
void nextsteps_records(struct buf *out, const char *hostname,
    const char *const *domains, const char *const *addresses);

/* Print to stdout what to do with the instance that T made. */
void nextsteps_print(const struct template *t);

#endif
