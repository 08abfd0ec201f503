/* SPDX-License-Identifier: ISC */
#ifndef IMAPD_CMD_ENABLE_H
#define IMAPD_CMD_ENABLE_H

struct buf;

/* " NAME ..." for ENABLE: what turns on those of WHAT (conn/enabled.h). */
void imapd_put_enabled(struct buf *out, unsigned what);

#endif
