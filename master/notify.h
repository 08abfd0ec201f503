/* SPDX-License-Identifier: ISC */
/* Telling whoever started master how the start went: `pabal start` by a pipe,
 * systemd by sd_notify(3)'s protocol, watchdog included. */
#ifndef MASTER_NOTIFY_H
#define MASTER_NOTIFY_H

/* FD: "ready\n" or "failed SERVICE: WHY\n" is written there; -1: nobody. */
void notify_init(int fd);
/* Everything is ready (the first time only). */
void notify_ready(void);
/* A service could not start.  Before the first ready that ends master. */
void notify_failed(const char *service, const char *why);
/* A word for systemd: "STOPPING=1". */
void notify_systemd(const char *state);

#endif
