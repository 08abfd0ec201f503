/* SPDX-License-Identifier: ISC */
/* A child's life: it takes what is said of one message or one script, and
 * answers. */
#ifndef SIEVERUN_SERVE_H
#define SIEVERUN_SERVE_H

#include "ipc/role.h"

/* Until all is said, or PEER has ended, which is local or imapd. */
void serve(int fd, enum role peer);

#endif
