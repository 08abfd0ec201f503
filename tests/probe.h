/* SPDX-License-Identifier: ISC */
#ifndef TESTS_PROBE_H
#define TESTS_PROBE_H

#include <stdbool.h>

#include "base/slice.h"

struct sandbox;

/* From inside imapd, pop3d, sieved and jmapd: get at other accounts' mail.  BOX
 * is closed, and NARROWED once more: for an account. */
void probe_neighbours(const struct sandbox *box, bool narrowed);

/* DAEMON, whose configuration has TEXT, stops where that says so. */
void probe_halt_at(const char *daemon, struct slice text);

/* TEXT, of the configuration, says that those who run scripts are captured. */
void probe_runner(struct slice text);

/* TEXT, of the configuration, says what keys is to sign. */
void probe_sign(struct slice text);

#endif
