/* SPDX-License-Identifier: ISC */
/* Closing a connection so that the peer reads the last words. */
#ifndef EV_LINGER_H
#define EV_LINGER_H

#include <stdint.h>

/* Close FD (non-blocking; taken) once the peer has closed, or after MS: a close
 * with input unread resets the connection, and the words are lost. */
void linger_close(int fd, int64_t ms);

#endif
