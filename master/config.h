/* SPDX-License-Identifier: ISC */
/* master.conf and pabal.conf, and handing files and directories to daemons. */
#ifndef MASTER_CONFIG_H
#define MASTER_CONFIG_H

#include <stdbool.h>

#include "base/buf.h"
#include "conf/master.h"
#include "ipc/ipc.h"
#include "master/dirs.h"

struct confset;

/* The files as they are in the configuration directory now; NULL and a line for
 * each that cannot be read in WHY. */
struct confset *master_config_read(struct buf *why);
/* What master needs of FILES; -1 and every mistake, a line each, in WHY. */
int master_config_load(
    const struct confset *files, struct master_conf **conf, struct buf *why);

/* Send those of FILES that DAEMON reads.  -1: no descriptor (ERR_TEMP). */
int master_config_send_files(struct ipc *peer, const struct confset *files,
    const char *daemon, struct err *err);
/* Open and send those directories of DAEMON that are in the set DIRS (bits in
 * the order of enum service_dir), which SENT gets to know; HOME is that of the
 * uid served, or NULL.  -1: one cannot be opened (ERR_PERM). */
int master_config_send_dirs(struct ipc *peer, const struct shared_conf *shared,
    const char *daemon, unsigned dirs, const char *home,
    struct config_dirs *sent, struct err *err);
/* Would it be the same ones?  HOME: the mail is in a home, which stays. */
bool master_config_same_dirs(const struct shared_conf *shared,
    const char *daemon, unsigned dirs, bool home,
    const struct config_dirs *sent);

#endif
