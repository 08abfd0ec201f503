/* SPDX-License-Identifier: ISC */
#ifndef POP3D_COMMAND_H
#define POP3D_COMMAND_H

#include "base/slice.h"

struct pop3d_session;

/* Do what LINE (without its line end) says. */
void pop3d_command(struct pop3d_session *s, struct slice line);

#endif
