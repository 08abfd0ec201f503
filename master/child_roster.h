/* SPDX-License-Identifier: ISC */
/* Which slots there are: those of the configuration, and those that somebody
 * asks for. */
#ifndef MASTER_CHILD_ROSTER_H
#define MASTER_CHILD_ROSTER_H

#include <stdbool.h>

#include "ipc/role.h"
#include "master/equip.h"

struct child;
struct isolations;
struct master_conf;
struct slot_key;

/* The processes of ROLE for one uid; 0: no such service. */
unsigned child_count(enum role role);
/* The slot that serves KEY (its index taken modulo their number); NULL when
 * there is none, or, for somebody who may be served and SPAWN, a new one, for
 * ACCOUNT if that has the place for itself. */
struct child *child_find(const struct slot_key *key, const char *account,
    bool spawn, const char **why);

/* What a process is given: the configuration in effect. */
struct equip child_equipment(void);
/* C gets the configuration in effect, if it is ready. */
void child_reconfigure(struct child *c);
/* Before CONF and ISOLATIONS are in effect: retire the slots that they change
 * or drop.
 */
void child_retire(
    const struct master_conf *conf, const struct isolations *isolations);
/* CONF is in effect now: hand it to the processes that stay, start the missing.
 */
void child_apply(const struct master_conf *conf);
/* Others take the place of the processes of SERVICE, which end. */
void child_replace(const char *service);

#endif
