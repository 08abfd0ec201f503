/* SPDX-License-Identifier: ISC */
/* How many sessions each client address has in this process; IPv6 addresses
 * count by their network of 64 bits, of which one customer has all. */
#ifndef SMTPD_CLIENT_H
#define SMTPD_CLIENT_H

#include "sys/addr.h"

struct smtpd_client;

/* Count one more session of ADDR; NULL when it has MAX already. */
struct smtpd_client *smtpd_client_enter(const struct addr *addr, unsigned max);
/* One less; accepts a pointer to NULL. */
void smtpd_client_leave(struct smtpd_client **c);

#endif
