/* SPDX-License-Identifier: ISC */
/* A mailbox is on its way to be selected. */
#ifndef IMAPD_CMD_SELECTJOB_H
#define IMAPD_CMD_SELECTJOB_H

#include <stdbool.h>

#include "base/slice.h"

struct mailbox;
struct select_params;
struct session;

/* The command selects M (taken), which the client calls NAME, as a job of S
 * that answers; what was parsed stays as long as the command. */
void selectjob_start(struct session *s, struct mailbox *m, struct slice name,
    const struct select_params *params, bool readonly);

#endif
