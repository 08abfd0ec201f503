/* SPDX-License-Identifier: ISC */
/* Who asks, and what they are to ask about. */
#ifndef POLICY_SERVE_H
#define POLICY_SERVE_H

#include "ipc/ipc.h"

extern const struct ipc_table policy_table;

void policy_serve_start(void);
/* The configuration is new: tell those who ask of it. */
void policy_serve_reload(void);

#endif
