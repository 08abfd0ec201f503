/* SPDX-License-Identifier: ISC */
#ifndef TESTS_PROBE_H
#define TESTS_PROBE_H

#include <stdbool.h>

struct sandbox;

/* From inside imapd and pop3d: get at other accounts' mail.  BOX is closed,
 * and NARROWED once more: for an account. */
void probe_neighbours(const struct sandbox *box, bool narrowed);

#endif
