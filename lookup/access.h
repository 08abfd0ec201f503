/* SPDX-License-Identifier: ISC */
/* What the table access says (ipc/lookup.h). */
#ifndef LOOKUP_ACCESS_H
#define LOOKUP_ACCESS_H

struct ipc;
struct msg;

void lookup_on_access(struct ipc *peer, struct msg *m);

#endif
