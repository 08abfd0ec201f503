/* SPDX-License-Identifier: ISC */
/* What filters change in an envelope. */
#ifndef SMTPD_CHANGES_H
#define SMTPD_CHANGES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"
#include "queue/envelope.h"

/* CHANGES is as in milter_done.  ENV's recipients are copied to A before one
 * changes.  False: one of the addresses is none. */
bool smtpd_changes_apply(
    struct envelope *env, struct slice changes, struct arena *a);

#endif
