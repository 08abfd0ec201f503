/* SPDX-License-Identifier: ISC */
/* What "auto" means on this machine. */
#ifndef MASTER_SIZE_H
#define MASTER_SIZE_H

#include <stdint.h>

#include "conf/master.h"

/* Processes of a service (of one uid). */
unsigned size_processes(const struct service_conf *s);
/* Sessions in one process of it. */
unsigned size_sessions(const struct service_conf *s);
/* Processes that serve somebody in particular. */
unsigned size_serving(const struct master_conf *conf);
/* As many as the limit of open files allows. */
uint64_t size_sessions_by_files(void);

#endif
