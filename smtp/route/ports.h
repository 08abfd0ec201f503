/* SPDX-License-Identifier: ISC */
/*
 * The TCP ports that mail can leave by: the protocols' own, the relayhost's,
 * those of the tables transports and sender_relays as they stand at the start,
 * and those of the parameter ports.  The kernel is told (Landlock) and forgets
 * nothing and learns nothing; a table that was changed since takes a new
 * process.
 */
#ifndef SMTP_ROUTE_PORTS_H
#define SMTP_ROUTE_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct port_set;

/* Read the table, while files can be read.  ERR_PERM: a word of the parameter
 * is no port. */
int smtp_ports_read(struct err *err);
/* Add what the configuration and the table name. */
void smtp_ports_fill(struct port_set *ports);
/* Did this process start with PORT (or does the kernel not ask)? */
bool smtp_ports_has(uint16_t port);
/* Was the table changed since?  Then this process ends, by what
 * smtp_ports_when_changed was told. */
bool smtp_ports_changed(void);
void smtp_ports_when_changed(void (*fn)(void));

#endif
