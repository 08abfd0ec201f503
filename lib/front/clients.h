/* SPDX-License-Identifier: ISC */
/* How many sessions each client address has, in all processes of the service
 * (front/rate.h); IPv6 addresses count by their
 * network of 64 bits, of which one customer has all. */
#ifndef FRONT_CLIENTS_H
#define FRONT_CLIENTS_H

#include <sys/types.h>

#include "base/map.h"
#include "sys/addr.h"

struct client_count;

/* Zeroed before its first use. */
struct clients {
	struct map by_address;
};

/* Count one more session of ADDR; NULL when it has MAX already. */
struct client_count *clients_enter(
    struct clients *c, const struct addr *addr, unsigned max);
/* Of a user of this host. */
struct client_count *clients_enter_uid(
    struct clients *c, uid_t uid, unsigned max);
/* One less; accepts a pointer to NULL, leaves NULL. */
void clients_leave(struct clients *c, struct client_count **one);

#endif
