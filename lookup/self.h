/* SPDX-License-Identifier: ISC */
/* Which addresses are those of this host (RFC 5321 5.1). */
#ifndef LOOKUP_SELF_H
#define LOOKUP_SELF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct mx_list;

/* Are the own_addresses of the configuration addresses? */
int lookup_self_check(struct err *err);
/* Is IP (IPv4 as ::ffff:a.b.c.d) one of ours? */
bool lookup_self_is(const uint8_t ip[16]);
/* Note in LIST which hosts have one of them. */
void lookup_self_mark(struct mx_list *list);

#endif
