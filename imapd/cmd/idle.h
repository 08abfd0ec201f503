/* SPDX-License-Identifier: ISC */
#ifndef IMAPD_CMD_IDLE_H
#define IMAPD_CMD_IDLE_H

#include <stdint.h>

struct session;

/* IDLE goes on, as it was elsewhere: the client is due a line in BEAT_MS, and
 * to be sent away in LEFT_MS. */
void imapd_idle_again(struct session *s, int64_t beat_ms, int64_t left_ms);

#endif
