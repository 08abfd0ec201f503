/* SPDX-License-Identifier: ISC */
/* How many of the messages that came into memory from the index are for a site,
 * of a login, and urgent.  Counted by hashes: those that share one share the
 * count. */
#ifndef QMGR_QUEUE_CROWD_H
#define QMGR_QUEUE_CROWD_H

#include <stddef.h>
#include <stdint.h>

struct crowd_of {
	uint32_t site, login; /* hashes */
	uint32_t urgent;      /* 0 or 1 */
};

void crowd_add(const struct crowd_of *of);
void crowd_del(const struct crowd_of *of);
size_t crowd_at_site(const struct crowd_of *of);
size_t crowd_of_login(const struct crowd_of *of);
size_t crowd_urgent(void);
void crowd_init(void);

#endif
