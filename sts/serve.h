/* SPDX-License-Identifier: ISC */
/* Who asks for policies: smtp, and `pabal sts`; and reporter, which has reports
 * posted. */
#ifndef STS_SERVE_H
#define STS_SERVE_H

struct ipc_table;

extern const struct ipc_table sts_table;

#endif
