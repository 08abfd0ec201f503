/* SPDX-License-Identifier: ISC */
/* Mail of this host to whoever runs it. */
#ifndef QMGR_REPORT_ADMINMAIL_H
#define QMGR_REPORT_ADMINMAIL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "qmgr/queue/newfile.h"

struct adminmail {
	const char *to;      /* canonical */
	const char *subject; /* "on <hostname>" goes behind it */
	struct slice text;
};

/* Write M as NF and commit it: 0 or -1 as newfile_commit; the caller calls
 * newfile_fini in any case. */
int adminmail_write(struct newfile *nf, const struct adminmail *m,
    void (*done)(struct newfile *nf, int error), struct err *err);

/* Add foreign text: what is not printable ASCII is a question mark. */
void adminmail_plain(struct buf *b, struct slice s);

#endif
