/* SPDX-License-Identifier: ISC */
/* Work on what strangers wrote, in a child that can reach nothing: neither
 * files nor the network, and with bounds of time and memory. */
#ifndef CTL_INST_CONFINED_H
#define CTL_INST_CONFINED_H

struct ctl;

/* The exit status that WORK gives, which prints on standard output and error;
 * CTL_FAILED, and said on stderr, when the child could not be confined or did
 * not come to its end. */
int confined_run(const struct ctl *ctl, int (*work)(void *arg), void *arg);

#endif
