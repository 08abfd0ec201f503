/* SPDX-License-Identifier: ISC */
/* master.conf and pabal.conf, and handing files and directories to daemons. */
#ifndef MASTER_CONFIG_H
#define MASTER_CONFIG_H

#include "base/buf.h"
#include "conf/master.h"
#include "ipc/ipc.h"

/* Read the configuration; -1 and every mistake, a line each, in WHY. */
int master_config_load(struct master_conf **conf, struct buf *why);

/* Send the configuration files that DAEMON reads. */
void master_config_send_files(struct ipc *peer, const char *daemon);
/* Open and send the directories of the set DIRS (bits in the order of enum
 * service_dir); HOME is that of the uid served, or NULL. */
int master_config_send_dirs(
    struct ipc *peer, unsigned dirs, const char *home, struct err *err);
/* Send the log file, opened anew, if there is one. */
void master_config_send_log(struct ipc *peer);

#endif
