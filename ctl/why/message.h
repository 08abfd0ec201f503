/* SPDX-License-Identifier: ISC */
#ifndef CTL_WHY_MESSAGE_H
#define CTL_WHY_MESSAGE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct why;

/* Is S a queue id? */
bool why_message_is(struct slice s);
/* Find the message w->name, and where it goes if it has one recipient. */
int why_message(struct why *w, struct err *err);

#endif
