/* SPDX-License-Identifier: ISC */
#include "smtp/route/relayhost.h"

#include "proto/domain.h"
#include "smtp/conf.h"
#include "smtp/job.h"
#include "smtp/route/relayauth.h"

static bool
takes(const struct smtp_job *job)
{
	const struct slice address = job->rcpts[0].in.address;
	const size_t at = slice_rfind(address, '@');

	return !job->lmtp && smtp_conf->shared.relayhost[0] != '\0' &&
	       domain_same(slice_from(address, at + 1), job->nexthop);
}

void
smtp_relayhost_choose(struct smtp_job *job)
{
	if (takes(job)) {
		job->relayhost = true;
		job->nexthop = arena_slice(
		    &job->arena, slice_str(smtp_conf->shared.relayhost));
	}
	job->auth = smtp_relayauth_id(job);
}
