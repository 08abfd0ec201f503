/* SPDX-License-Identifier: ISC */
/* pabal sieve trace: what an account's scripts decided of late, and why. */
#include "base/map.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/mailbox/decisions.h"

int
cmd_sieve_trace(struct ctl *ctl, int argc, char **argv)
{
	const char *qid = NULL;
	const struct ctl_opt opts[] = { { "qid", &qid, NULL },
		{ NULL, NULL, NULL } };
	struct decisions wanted = { 0 };
	struct map qids;
	int rc;

	if (ctl_options(ctl, opts, argc, argv, 1, 1) == -1)
		return CTL_USAGE;
	map_init(&qids);
	if (qid != NULL) {
		map_put(&qids, slice_str(qid), &qids);
		wanted.qids = &qids;
	}
	rc = decisions_print(ctl, argv[0], &wanted);
	map_fini(&qids);
	return rc;
}
