/* SPDX-License-Identifier: ISC */
/* What child.c, child_roster.c and child_control.c have between them: the life
 * of a process (child.c). */
#ifndef MASTER_LIFE_H
#define MASTER_LIFE_H

#include "master/child.h"

struct slot_key;
struct service_conf;
struct equip;

void child_enter(struct child *c, enum child_state state);
/* Is it a slot that comes and goes with those it serves? */
bool child_is_served(const struct child *c);
/* Those that are idle make room for others, the longest idle first. */
void child_set_idle(struct child *c, bool idle);
/* Is there room for one more that serves somebody in particular? */
bool child_have_room(void);
/* A slot of S, whose process is started, for ACCOUNT if it has the place for
 * itself; NULL when there is nothing for it to hold. */
struct child *child_new(const struct service_conf *s,
    const struct slot_key *key, const char *account);
/* The nursery of ROLE is ready. */
void child_start_unborn(enum role role);
/* Tell C to end; RETIRE: and its slot is no more. */
void child_stop(struct child *c, bool retire);
/* The timer of a C that does not end by itself. */
void child_on_kill_time(struct ev_timer *t);
/* C's process has ended: start another after a delay, or forget the slot. */
void child_ended(struct child *c);
/* C has said what became of the configuration it was sent last. */
void child_answered(struct child *c, bool ok, struct slice why);

/* In child_roster.c: what a process is given; C gets the configuration in
 * force. */
struct equip child_equipment(void);
void child_reconfigure(struct child *c);

#endif
