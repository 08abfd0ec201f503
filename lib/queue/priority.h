/* SPDX-License-Identifier: ISC */
/* The envelope's priority: what is said of mail, and of mail that can wait.  Of
 * one length: qmgr writes which when the header is known, in the place that the
 * head of the file has for it. */
#ifndef QUEUE_PRIORITY_H
#define QUEUE_PRIORITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define PRIORITY_MAIL "mail"
#define PRIORITY_BULK "bulk"

/* What a client asks for (RFC 6710 3): a digit, with "-" in front if it is not
 * 0.  Of the 19 levels those below 0, 0, and those above are told apart, which
 * are the three of the policy MIXER; the number goes on as it came. */
bool priority_level_parse(struct slice text, int8_t *level);

#endif
