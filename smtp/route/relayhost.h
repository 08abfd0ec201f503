/* SPDX-License-Identifier: ISC */
#ifndef SMTP_ROUTE_RELAYHOST_H
#define SMTP_ROUTE_RELAYHOST_H

struct smtp_job;

/* Have the relayhost take JOB, if its next hop is what follows from its
 * recipients' own domain; and set by what login it goes there. */
void smtp_relayhost_choose(struct smtp_job *job);

#endif
