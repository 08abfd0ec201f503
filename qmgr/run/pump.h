/* SPDX-License-Identifier: ISC */
/*
 * What is due gets its round, as far as memory allows: active_limit messages at
 * once, and a tenth beyond it for new mail of those who have little of it
 * (qmgr/run/share.h).
 */
#ifndef QMGR_RUN_PUMP_H
#define QMGR_RUN_PUMP_H

#include <stdbool.h>

struct entry;
struct envelope;
struct message;

/* START begins the round of a message, which belongs to it then. */
void pump_init(void (*start)(struct message *m));
/* Nothing more begins. */
void pump_stop(void);

/* Start what is due; called when what is due, or the room for it, may change.
 */
void pump_now(void);
/* The round of M has begun / ended. */
void pump_began(const struct message *m);
void pump_ended(const struct message *m);

/* May a new message begin at once?  Else it waits as an entry, and memory that
 * becomes free goes to what has waited longest. */
bool pump_has_room(void);
/* The same for one of ENV, which may have a share beyond the limit. */
bool pump_has_room_for(const struct envelope *env);

/* The file of E cannot be read now: try again in a minute. */
void pump_unreadable(struct entry *e, const char *why);

#endif
