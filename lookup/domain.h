/* SPDX-License-Identifier: ISC */
/* Whether a domain is ours (lookup_domain). */
#ifndef LOOKUP_DOMAIN_H
#define LOOKUP_DOMAIN_H

struct ipc;
struct msg;

void lookup_on_domain(struct ipc *peer, struct msg *m);

#endif
