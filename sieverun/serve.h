/* SPDX-License-Identifier: ISC */
/* A child's life: it takes what local says of one message or one script, and
 * answers. */
#ifndef SIEVERUN_SERVE_H
#define SIEVERUN_SERVE_H

/* Until all is said, or local has ended. */
void serve(int fd);

#endif
