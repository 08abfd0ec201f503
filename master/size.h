/* SPDX-License-Identifier: ISC */
/* What "auto" means on this machine. */
#ifndef MASTER_SIZE_H
#define MASTER_SIZE_H

#include "conf/master.h"

/* Processes of a service (of one uid). */
unsigned size_processes(const struct service_conf *s);
/* Sessions in one process of it. */
unsigned size_sessions(const struct service_conf *s);

#endif
