/* SPDX-License-Identifier: ISC */
/* waiting.c for those who bring in what is due out of its turn. */
#ifndef QMGR_QUEUE_WAITING_WINDOW_H
#define QMGR_QUEUE_WAITING_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "qmgr/queue/qindex.h"

/* The message ID comes back; false when it is here already, or not known. */
bool waiting_bring(const char *id);
/* Up to where all that the index has is in memory. */
struct qindex_due waiting_window(void);
/* The queue's clock. */
int64_t waiting_now_ms(void);

#endif
