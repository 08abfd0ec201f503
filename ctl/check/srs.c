/* SPDX-License-Identifier: ISC */
#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"
#include "conf/shared.h"
#include "ctl/check/run.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/instance.h"
#include "ctl/sign/srssecrets.h"
#include "proto/address.h"

void
check_srs(struct check_run *c)
{
	bool there;
	struct err err;

	if (c->shared->srs_domain[0] == '\0')
		return;
	if (!address_is_domain(slice_str(c->shared->srs_domain), 0))
		check_tell(c, CHECK_BAD, "srs",
		    "srs_domain is \"%s\": not a domain in ASCII, so mail that "
		    "is sent on keeps its sender, and SPF fails",
		    c->shared->srs_domain);
	if (srssecrets_there(c->shared->signing_directory, &there, &err) == -1)
		check_tell(c, CHECK_BAD, "srs", "%s", err.text);
	else if (!there)
		check_tell(c, CHECK_BAD, "srs",
		    "srs_domain is set, and there is no secret, so mail that "
		    "is "
		    "sent on waits: \"pabal %ssrs rotate\"",
		    instance_flag(&c->ctl->inst));
}
