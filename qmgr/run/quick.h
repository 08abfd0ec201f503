/* SPDX-License-Identifier: ISC */
/*
 * Which sites take mail at once: so quickly, of late, that a client may wait
 * for what he sends to them to be relayed (direct.h).
 */
#ifndef QMGR_RUN_QUICK_H
#define QMGR_RUN_QUICK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* SITE, dialled from SOURCE, took a message MS after its round began. */
void quick_took(struct slice site, struct slice source, int64_t ms);
/* A client waited for it in vain. */
void quick_late(struct slice site, struct slice source);
bool quick_is(struct slice site, struct slice source);
/* Was any within the last minute? */
bool quick_any(void);
/* Nothing is known of any. */
void quick_forget(void);

#endif
