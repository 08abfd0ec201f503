/* SPDX-License-Identifier: ISC */
/* Parts of what is known, that rules keep books by. */
#ifndef POLICY_PARTS_H
#define POLICY_PARTS_H

#include "base/slice.h"

struct origin_client;
struct policy_facts;

/* The client's /24, or /64 of IPv6, as bytes; empty: it has no address. */
struct slice policy_parts_net(const struct policy_facts *f);
/* Of a canonical address; empty where there is none. */
struct slice policy_parts_domain(struct slice address);

/* What rules of lib/origin are told of the client. */
struct origin_client policy_parts_client(const struct policy_facts *f);

#endif
