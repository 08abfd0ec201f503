/* SPDX-License-Identifier: ISC */
/* Sessions: those that wait for more mail to the same host, and how many there
 * are at all. */
#ifndef SMTP_SESSION_POOL_H
#define SMTP_SESSION_POOL_H

#include <stdbool.h>
#include <stddef.h>

struct smtp_session;
struct smtp_target;

/* ON_ROOM is told that a session ends or waits: in the middle of that, so what
 * it does about it comes later. */
void smtp_pool_init(void (*on_room)(void));
/* An idle session to T is there. */
bool smtp_pool_has(const struct smtp_target *t);
/* Take it out, or NULL. */
struct smtp_session *smtp_pool_take(const struct smtp_target *t);
/* The one that is longest idle; NULL: none is. */
struct smtp_session *smtp_pool_first(void);
/* S waits for more; it is SMTP_IDLE. */
void smtp_pool_put(struct smtp_session *s);
/* S waits no more (it ended). */
void smtp_pool_del(struct smtp_session *s);

/* A session was opened, or closed. */
void smtp_pool_opened(void);
void smtp_pool_closed(void);
/* How many are open, idle ones included. */
size_t smtp_pool_open(void);
/* How many there may be. */
size_t smtp_pool_limit(void);

#endif
