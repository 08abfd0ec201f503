/* SPDX-License-Identifier: ISC */
/* The daemon's configuration, made of the files that master hands over. */
#ifndef PROC_CONFIG_H
#define PROC_CONFIG_H

#include <stdbool.h>

#include "base/err.h"
#include "conf/conf.h"
#include "ipc/ipc.h"

/* master_file */
void config_on_file(struct ipc *peer, struct msg *m);
/* What DESC makes of the files that have come, for the service SECTION, with
 * its secrets; they are forgotten.  Free *CONF with conf_free.  -1: ERR_PERM.
 */
int config_load(const struct conf_desc *desc, const char *section, void **conf,
    struct err *err);
/* What of CONF concerns every daemon.  TRIAL: what is to be said master hears.
 */
void config_apply_shared(const void *conf, bool trial);

#endif
