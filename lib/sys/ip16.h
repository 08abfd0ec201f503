/* SPDX-License-Identifier: ISC */
/* Addresses of sockets (sys/addr.h) from bytes, as the DNS gives them. */
#ifndef SYS_IP16_H
#define SYS_IP16_H

#include <stdint.h>

struct addr;

/* Address IP (16 bytes: IPv6, or IPv4 mapped into it) and PORT. */
void ip16_addr(struct addr *a, const uint8_t ip[16], uint16_t port);

#endif
