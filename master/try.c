/* SPDX-License-Identifier: ISC */
#include "master/try.h"

#include <sysexits.h>

#include "ev/loop.h"
#include "master/equip.h"
#include "master/listen.h"
#include "master/logpipe.h"
#include "master/master.h"
#include "master/setup.h"
#include "master/trial.h"
#include "sys/fd.h"

static int status;

static void
on_tried(struct trial *t, struct slice why)
{
	(void)t;
	(void)!fd_write_all(1, why, NULL);
	status = why.n > 0 ? EX_CONFIG : EX_OK;
	ev_stop();
}

int
try_run(bool last_good)
{
	struct buf why = { .max = 65536 };
	struct err err = { 0 };
	bool bad;

	if (setup_load(last_good, &why, &err) == -1) {
		if (why.n == 0)
			buf_addf(&why, "%s\n", err.text);
		(void)fd_write_all(1, buf_slice(&why), NULL);
		return EX_CONFIG;
	}
	if (master.log_file != NULL)
		logpipe_try(master.log_file, &why);
	bad = master_listen_try(master.conf, &why) == -1 || why.n > 0;
	(void)fd_write_all(1, buf_slice(&why), NULL);
	trial_new(&(struct equip){ master.conf, master.files }, on_tried);
	ev_run();
	buf_fini(&why);
	if (master.stopping)
		return EX_TEMPFAIL;
	if (bad && master_listen_busy())
		return EX_TEMPFAIL;
	return bad ? EX_CONFIG : status;
}
