/* SPDX-License-Identifier: ISC */
#ifndef SMTP_ROUTE_CAFILE_H
#define SMTP_ROUTE_CAFILE_H

#include <stdbool.h>

#include "base/err.h"

/* Before the doors close: take the certificates of tls_ca_file.  -1: they are
 * needed and cannot be had. */
int smtp_cafile_load(struct err *err);
/* Does tls_ca_file name another file now? */
bool smtp_cafile_changed(void);

#endif
