/* SPDX-License-Identifier: ISC */
/* TCP peers that are gone without a word. */
#ifndef SYS_KEEPALIVE_H
#define SYS_KEEPALIVE_H

/* The kernel asks every now and then whether a silent peer of FD is there, and
 * ends the connection of one that does not answer for two minutes.  Of what is
 * no TCP socket it does nothing. */
void keepalive_set(int fd);

#endif
