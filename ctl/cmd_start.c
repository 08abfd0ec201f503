/* SPDX-License-Identifier: ISC */
/* pabal start, stop, restart, reload, run: the life of the whole suite. */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "conf/errors.h"
#include "conf/master.h"
#include "ctl/check.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/dial.h"
#include "ctl/instance.h"
#include "ctl/launch.h"
#include "ctl/target.h"

/* Each line of WHY with our name before it. */
static int
fail_lines(const char *what, struct slice why)
{
	while (why.n > 0) {
		const struct slice line = slice_cut(why, '\n', &why);

		ctl_fail("%s: %.*s", what, SLICE_FMT(line));
	}
	return CTL_FAILED;
}

static int
start(const struct instance *in)
{
	struct buf why = { .max = 1 << 18 };
	int rc = CTL_OK;

	if (check_conf(in) == -1)
		return ctl_fail("start: mistakes in the configuration; nothing "
				"was started");
	if (launch_start(in, &why) == -1)
		rc = fail_lines("start", buf_slice(&why));
	buf_fini(&why);
	return rc;
}

int
cmd_start(struct ctl *ctl, int argc, char **argv)
{
	struct buf text = { .max = 1 << 18 };
	struct err err;
	bool ok = false;
	pid_t pid;

	if (ctl_options(ctl, NULL, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	pid = dial_master_pid(&ctl->inst);
	if (pid == 0)
		return start(&ctl->inst);
	(void)dial_verb(&ctl->inst, "status", &ok, &text, &err);
	buf_fini(&text);
	if (!ok)
		return ctl_fail(
		    "start: it runs already (process %d), but not "
		    "every service is ready: see \"pabal %sstatus\"",
		    (int)pid, instance_flag(&ctl->inst));
	printf("pabal runs already (process %d)\n", (int)pid);
	return CTL_OK;
}

/* How long a stop may take: what master.conf gives the daemons, and some. */
static int
stop_timeout_ms(const struct instance *in)
{
	struct conf_errors errors = { 0 };
	const struct master_conf *m;
	struct target t;
	int64_t ms = 60000;

	if (target_parse(&t, "master") == -1)
		return (int)ms;
	if (target_read(&t, in, true) == 0 && target_load(&t, &errors) == 0) {
		m = t.conf;
		ms = m->stop_timeout + 20000;
	}
	conf_errors_fini(&errors);
	target_fini(&t);
	return (int)ms;
}

static int
stop(const struct instance *in)
{
	const pid_t pid = dial_master_pid(in);
	struct err err;

	if (pid == 0) {
		puts("pabal is not running");
		return CTL_OK;
	}
	if (kill(pid, SIGTERM) == -1) {
		err_sys(&err, ERR_PERM, "stop: end process %d", (int)pid);
		return ctl_fail_err(&err);
	}
	if (launch_wait_end(pid, stop_timeout_ms(in), &err) == -1)
		return ctl_fail(
		    "stop: %s; see the log, or end it with kill -9", err.text);
	return CTL_OK;
}

int
cmd_stop(struct ctl *ctl, int argc, char **argv)
{
	if (ctl_options(ctl, NULL, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	return stop(&ctl->inst);
}

int
cmd_restart(struct ctl *ctl, int argc, char **argv)
{
	int rc;

	if (ctl_options(ctl, NULL, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	if (check_conf(&ctl->inst) == -1)
		return ctl_fail("restart: mistakes in the configuration; "
				"everything runs on as it did");
	rc = dial_master_pid(&ctl->inst) != 0 ? stop(&ctl->inst) : CTL_OK;
	return rc == CTL_OK ? start(&ctl->inst) : rc;
}

int
cmd_reload(struct ctl *ctl, int argc, char **argv)
{
	struct buf text = { .max = 1 << 18 };
	bool ok = false;
	struct err err;
	int rc = CTL_OK;

	if (ctl_options(ctl, NULL, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	if (check_conf(&ctl->inst) == -1)
		return ctl_fail("reload: mistakes in the configuration; the "
				"daemons keep the old values");
	if (dial_verb(&ctl->inst, "reload", &ok, &text, &err) == -1)
		rc = ctl_fail("reload: %s", err.text);
	else if (!ok)
		rc = fail_lines("reload", buf_slice(&text));
	buf_fini(&text);
	return rc;
}

int
cmd_run(struct ctl *ctl, int argc, char **argv)
{
	struct err err;
	pid_t pid;

	if (ctl_options(ctl, NULL, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	pid = dial_master_pid(&ctl->inst);
	if (pid != 0)
		return ctl_fail("run: it runs already (process %d)", (int)pid);
	if (check_conf(&ctl->inst) == -1)
		return ctl_fail("run: mistakes in the configuration; nothing "
				"was started");
	(void)fflush(NULL);
	launch_foreground(&ctl->inst, &err);
	return ctl_fail("run: %s", err.text);
}
