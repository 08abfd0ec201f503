/* SPDX-License-Identifier: ISC */
/* What policy asks: what the table access says, and where a client is
 * (ipc/lookup.h). */
#ifndef LOOKUP_ACCESS_H
#define LOOKUP_ACCESS_H

struct ipc;
struct msg;

void lookup_on_access(struct ipc *peer, struct msg *m);
void lookup_on_country(struct ipc *peer, struct msg *m);

#endif
