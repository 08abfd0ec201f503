/* SPDX-License-Identifier: ISC */
#ifndef MILTER_SERVE_H
#define MILTER_SERVE_H

#include "ipc/ipc.h"

/* What smtpd asks; MILTER_LOST is the answer for a session that is not known.
 */
extern const struct ipc_table milter_table;

#endif
