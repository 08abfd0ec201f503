/* SPDX-License-Identifier: ISC */
/* The TLS reports that this host has sent, and those that it could not, out of
 * the log. */
#ifndef CTL_REPORTS_SENT_H
#define CTL_REPORTS_SENT_H

struct ctl;

/* --sent [--since AGE|TIME] [--all] [--log FILE] */
int sent_run(struct ctl *ctl, int argc, char **argv);

#endif
