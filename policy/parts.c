/* SPDX-License-Identifier: ISC */
#include "policy/parts.h"

#include "origin/rules.h"
#include "policy/conf.h"
#include "policy/facts.h"
#include "proto/address.h"
#include "sys/addr.h"

enum { NET4_BYTES = 12 + 3, NET6_BYTES = 8 };

struct slice
policy_parts_net(const struct policy_facts *f)
{
	if (!f->has_ip)
		return SLICE("");
	return slice_of(
	    f->ip, addr_ip16_is_v4(f->ip) ? NET4_BYTES : NET6_BYTES);
}

struct slice
policy_parts_domain(struct slice address)
{
	struct slice local, domain;

	address_split(address, &local, &domain);
	return domain;
}

struct origin_client
policy_parts_client(const struct policy_facts *f)
{
	return (struct origin_client){
		.ip = f->has_ip ? f->ip : NULL,
		.text = f->client,
		.helo = f->helo,
		.host = slice_str(policy_conf->shared.hostname),
	};
}
