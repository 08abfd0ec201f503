/* SPDX-License-Identifier: ISC */
#ifndef PROC_ABOUT_H
#define PROC_ABOUT_H

struct service;

/* What a daemon says that was not started by master, given ARG (NULL: nothing):
 * its version, its privileges, or how it is used.  The exit code. */
int about_print(const struct service *svc, const char *arg);

#endif
