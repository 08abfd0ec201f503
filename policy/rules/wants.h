/* SPDX-License-Identifier: ISC */
/* What rules want of the DNS, to be asked all at once. */
#ifndef POLICY_RULES_WANTS_H
#define POLICY_RULES_WANTS_H

struct policy_question;

void reverse_want(struct policy_question *q);
void helo_dns_want(struct policy_question *q);
void dnsbl_want(struct policy_question *q);

#endif
