/* SPDX-License-Identifier: ISC */
/* FETCH responses that nobody asked for with a command (RFC 5465 5.2). */
#ifndef IMAPD_FETCH_FETCHNOTICE_H
#define IMAPD_FETCH_FETCHNOTICE_H

#include <stdint.h>

struct fetch_items;
struct session;

/* ITEMS of the messages with UIDs from FROM to TO, as a job before the one
 * under way (IDLE) or any other; input waits for its end. */
void imapd_fetch_notice(struct session *s, const struct fetch_items *items,
    uint32_t from, uint32_t to);

#endif
