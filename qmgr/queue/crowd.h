/* SPDX-License-Identifier: ISC */
/* How many of the messages that came into memory from the index are for a site,
 * and of a login.  Counted by hashes: those that share one share the count. */
#ifndef QMGR_QUEUE_CROWD_H
#define QMGR_QUEUE_CROWD_H

#include <stddef.h>
#include <stdint.h>

struct crowd_of {
	uint32_t site, login; /* hashes */
};

void crowd_add(const struct crowd_of *of);
void crowd_del(const struct crowd_of *of);
size_t crowd_at_site(const struct crowd_of *of);
size_t crowd_of_login(const struct crowd_of *of);
void crowd_init(void);

#endif
