/* SPDX-License-Identifier: ISC */
/* Whether the DNS has a key with which this host signs (lookup_published). */
#ifndef LOOKUP_PUBLISHED_H
#define LOOKUP_PUBLISHED_H

struct ipc;
struct msg;

void lookup_on_published(struct ipc *peer, struct msg *m);
void lookup_published_on_gone(struct ipc *peer);

#endif
