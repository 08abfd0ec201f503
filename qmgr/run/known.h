/* SPDX-License-Identifier: ISC */
/*
 * Answers of lookup that may be used again, each as long as lookup allows
 * (ipc/lookup.h), and none once the tables have changed or lookup has ended.
 * So an address that gets one message after the other is asked for once.
 */
#ifndef QMGR_RUN_KNOWN_H
#define QMGR_RUN_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "ipc/msg.h"

/* Of what is known now: a question takes it along, because what was asked for
 * before known_forget may be answered after it, from the tables of before. */
uint64_t known_generation(void);
/* Keep the answer M to a question for ADDRESS with FLAGS that was asked in the
 * generation ASKED, if it may be kept. */
void known_put(
    struct slice address, unsigned flags, uint64_t asked, const struct msg *m);
/* The answer in *M, whose slices are good until the next call of this module;
 * false: it is to be asked for. */
bool known_find(struct slice address, unsigned flags, struct msg *m);
void known_forget(void);

#endif
