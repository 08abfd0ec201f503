/* SPDX-License-Identifier: ISC */
/* Questions to the DNS of those who may not ask it themselves. */
#ifndef LOOKUP_DNS_H
#define LOOKUP_DNS_H

struct ipc;
struct msg;

void lookup_on_dns(struct ipc *peer, struct msg *m);
void lookup_dns_on_gone(struct ipc *peer);
/* The resolver is about to be closed: those who wait get a temporary failure.
 */
void lookup_dns_fail_open(void);

#endif
