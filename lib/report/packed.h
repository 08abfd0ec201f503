/* SPDX-License-Identifier: ISC */
/* The files in which reports come and go: gzip (RFC 1952), zip, or plain. */
#ifndef REPORT_PACKED_H
#define REPORT_PACKED_H

#include "base/buf.h"
#include "base/err.h"

/* What FILE holds, by its first bytes, behind OUT: of an archive the first file
 * that has something in it.  ERR_TOO_BIG beyond OUT's max. */
int packed_open(struct slice file, struct buf *out, struct err *err);
/* A gzip file, made in pieces behind OUT; it has failed where there is no room
 * for it. */
struct packed;

struct packed *packed_begin(void);
void packed_add(struct packed *p, struct slice piece, struct buf *out);
/* Frees it.  OUT is NULL: it is given up. */
void packed_end(struct packed **p, struct buf *out);

#endif
