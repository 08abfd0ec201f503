/* SPDX-License-Identifier: ISC */
#include "local/forwarded.h"

#include "base/buf.h"
#include "local/conf.h"
#include "local/forward.h"
#include "local/home.h"
#include "local/job.h"
#include "table/alias.h"

enum { TARGETS_MAX_BYTES = 50000 };

bool
forwarded_begin(struct local_job *job, const struct job_rcpt *r)
{
	struct buf targets = { .max = TARGETS_MAX_BYTES };
	struct err err = { 0 };
	bool keep = true, done = true;
	enum found found;

	if (!local_conf->forward_files || home_user().n == 0 || r->target.n > 0)
		return false;
	found = forward_read(
	    home_dir(), r->account, home_user(), &targets, &keep, &err);
	if (found == TEMPFAIL)
		job_fail(job, r, "3.5", &err);
	else if (found == ABSENT || targets.n == 0)
		done = false;
	else {
		/* A copy for the mailbox is one more target: qmgr brings it
		 * back as "\", and the two fail or succeed apart. */
		const struct alias_target self = {
			.kind = ALIAS_ADDRESS, .final = true, .text = r->account
		};

		if (keep)
			alias_put(&self, &targets);
		job_result(job, r->number, JOB_EXPANDED, "2.1.5", "forwarded",
		    buf_slice(&targets));
	}
	buf_fini(&targets);
	return done;
}
