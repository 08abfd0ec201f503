/* SPDX-License-Identifier: ISC */
/* Telling whoever started master how the start went: `pabal start` by a pipe,
 * systemd by sd_notify(3)'s protocol, watchdog included. */
#ifndef MASTER_NOTIFY_H
#define MASTER_NOTIFY_H

#include <stdbool.h>

/* FD: NOTIFY_READY, or "service NAME: WHY\n" for each that cannot start, is
 * written there, and NOTIFY_AGAIN at last when it may succeed in a moment; it
 * closes when that is decided.  -1: nobody. */
void notify_init(int fd);
/* Everything is ready (the first time only). */
void notify_ready(void);
/* A service could not start.  True before the first ready: then master, which
 * will not be ready any more, is to end. */
bool notify_failed(const char *service, const char *why);
/* A word for systemd: "STOPPING=1". */
void notify_systemd(const char *state);

#endif
