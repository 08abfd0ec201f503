/* SPDX-License-Identifier: ISC */
/* What is told while no command is under way, or IDLE is. */
#ifndef IMAPD_NOTIFY_BETWEEN_H
#define IMAPD_NOTIFY_BETWEEN_H

#include <stdbool.h>

struct session;

/* A step of it; asks for the next by itself. */
void notify_between(struct session *s, bool idle);

#endif
