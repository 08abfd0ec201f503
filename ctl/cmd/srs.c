/* SPDX-License-Identifier: ISC */
/* pabal srs: the secrets of addresses that lead back to senders. */
#include <stdio.h>

#include "base/err.h"
#include "conf/shared.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/instance.h"
#include "ctl/sign/srssecrets.h"

int
cmd_srs_rotate(struct ctl *ctl, int argc, char **argv)
{
	struct shared_conf *shared;
	struct err err;
	size_t n = 0;
	int rc = CTL_OK;

	if (ctl_options(ctl, NULL, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	shared = instance_shared(&ctl->inst);
	if (shared == NULL)
		return CTL_FAILED;
	if (srssecrets_rotate(shared->signing_directory, &n, &err) == -1)
		rc = ctl_fail("srs: %s", err.text);
	else if (!ctl->json)
		printf("new addresses are made with a new secret; %zu %s taken "
		       "back\n",
		    n - 1, n == 2 ? "older one is" : "older ones are");
	if (rc == CTL_OK && !ctl->json && *shared->srs_domain == '\0')
		printf("senders stay as they are: srs_domain of pabal.conf is "
		       "not set\n");
	instance_shared_free(&shared);
	return rc;
}
