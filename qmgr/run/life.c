/* SPDX-License-Identifier: ISC */
#include "qmgr/run/life.h"

#include "qmgr/conf.h"
#include "qmgr/queue/entry.h"
#include "qmgr/queue/newfile.h"
#include "qmgr/queue/spool.h"
#include "qmgr/queue/waiting_inner.h"
#include "qmgr/report/notice.h"
#include "qmgr/run/accept.h"
#include "qmgr/run/dest.h"
#include "qmgr/run/direct.h"
#include "qmgr/run/dispatch.h"
#include "qmgr/run/intake.h"
#include "qmgr/run/letter.h"
#include "qmgr/run/pump.h"
#include "qmgr/run/round.h"
#include "qmgr/run/scan.h"
#include "sys/kernel.h"

static char boot_id[KERNEL_BOOT_ID_BYTES];

void
life_prepare(void)
{
	if (kernel_boot_id(boot_id, NULL) == -1)
		boot_id[0] = '\0';
}

int
life_start(int spool_dir, struct err *err)
{
	entry_init();
	newfile_init(accept_saved);
	intake_init();
	notice_init();
	dest_init(dispatch_start);
	dispatch_init();
	letter_init();
	round_init();
	waiting_init(scan_again);
	if (spool_init(spool_dir, err) == -1)
		return -1;
	spool_start(qmgr_conf->sync_method);
	waiting_open(spool_dir, boot_id);
	scan_start();
	return 0;
}

/* Commits end in an answer; deliveries under way may end too, and what does
 * not is taken up again at the next start. */
bool
life_busy(void)
{
	return newfile_count() > 0 || direct_count() > 0 ||
	       dispatch_count() > 0;
}

void
life_stop(void)
{
	intake_stop();
	notice_stop();
	dest_stop();
	round_stop();
}

void
life_end(void)
{
	waiting_close();
	spool_stop();
}

int
life_reload(struct err *err)
{
	(void)err;
	pump_now();
	return 0;
}
