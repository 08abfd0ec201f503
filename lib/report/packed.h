/* SPDX-License-Identifier: ISC */
/* The files in which reports come and go: gzip (RFC 1952), zip, or plain. */
#ifndef REPORT_PACKED_H
#define REPORT_PACKED_H

#include "base/buf.h"
#include "base/err.h"

/* What FILE holds, by its first bytes, behind OUT: of an archive the first file
 * that has something in it.  ERR_TOO_BIG beyond OUT's max. */
int packed_open(struct slice file, struct buf *out, struct err *err);
/* TEXT as a gzip file behind OUT, whose max has room for the worst case: a
 * thousandth more than TEXT, and a little. */
void packed_gzip(struct slice text, struct buf *out);

#endif
