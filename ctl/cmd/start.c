/* SPDX-License-Identifier: ISC */
/* pabal start, stop, restart, reload, run: the life of the whole suite. */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/errors.h"
#include "conf/master.h"
#include "ctl/check/check.h"
#include "ctl/check/trial.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/dial.h"
#include "ctl/inst/files.h"
#include "ctl/inst/instance.h"
#include "ctl/inst/launch.h"
#include "ctl/inst/sysusers.h"
#include "ctl/inst/target.h"
#include "ctl/view/fields.h"
#include "ctl/view/out.h"
#include "sys/clock.h"

enum { RELEASE_MS = 15000, RETRY_MS = 500 };

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

/* A version before this one may have had fewer system users. */
static int
create_users(void)
{
	struct err err;

	if (geteuid() != 0 || sysusers_create(&err) == 0)
		return 0;
	ctl_fail_err(&err);
	return -1;
}

/* May it be started with the files as they are?  Mistakes go to stderr. Daemons
 * of a master that was killed hold its addresses until they notice: then it is
 * tried again for a while, if WAIT. */
static int
check(const struct instance *in, bool wait)
{
	const int64_t until = clock_ms() + (wait ? RELEASE_MS : 0);
	struct conf_errors errors = { 0 };
	bool again;
	int rc;

	if (create_users() == -1)
		return -1;
	while ((rc = trial_conf(in, &errors, &again)) == -1 && again &&
	       clock_ms() < until) {
		conf_errors_fini(&errors);
		errors = (struct conf_errors){ 0 };
		(void)poll(NULL, 0, RETRY_MS);
	}
	files_print_errors(&errors);
	conf_errors_fini(&errors);
	return rc == -1 ? -1 : 0;
}

/* Say how it could be started all the same.  What is amiss may be no matter of
 * the files: a certificate is the same for both. */
static void
offer(const struct instance *in)
{
	struct buf why = { .max = 1 << 18 };
	char when[32];
	bool again;

	if (trial_last_good(in, when) && trial_run(in, true, &why, &again) == 0)
		ctl_fail("\"pabal %sstart --last-good\" starts with the "
			 "configuration that has been good since %s",
		    instance_flag(in), when);
	buf_fini(&why);
}

static int
start(const struct instance *in, bool last_good)
{
	struct buf why = { .max = 1 << 18 };
	int rc = CTL_OK;

	if (launch_start(in, last_good, &why) == -1)
		rc = fail_lines("start", buf_slice(&why));
	buf_fini(&why);
	return rc;
}

static int
start_checked(const struct instance *in)
{
	if (check(in, true) == 0)
		return start(in, false);
	ctl_fail("start: mistakes in the configuration; nothing was started");
	offer(in);
	return CTL_FAILED;
}

static int
start_last_good(const struct instance *in)
{
	struct buf why = { .max = 1 << 18 };
	bool again;
	char when[32];
	int rc = CTL_FAILED;

	if (!trial_last_good(in, when))
		return ctl_fail("start: there is no last good configuration in "
				"%s that can be read",
		    in->state);
	if (create_users() == -1 || trial_run(in, true, &why, &again) == -1) {
		fail_lines("start: last good configuration", buf_slice(&why));
		ctl_fail("start: nothing was started");
	} else if (start(in, true) == CTL_OK) {
		printf("pabal runs with the configuration that has been good "
		       "since %s; the files in %s take effect with \"pabal "
		       "%sreload\" on\n",
		    when, in->etc, instance_flag(in));
		rc = CTL_OK;
	}
	buf_fini(&why);
	return rc;
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

/* Process PID is a master: 1 it runs, 0 it was ending and has ended. */
static int
wait_if_stopping(const struct instance *in, pid_t pid)
{
	struct buf text = { .max = 4096 };
	struct err err;
	bool ok, stopping;
	int64_t n;

	stopping = dial_verb(in, "source", &ok, &text, &err) == -1 ||
		   (fields_num(slice_trim(buf_slice(&text)), "stopping", &n) &&
		       n == 1);
	buf_fini(&text);
	if (!stopping)
		return 1;
	return launch_wait_end(pid, stop_timeout_ms(in), &err) == 0 ? 0 : 1;
}

static int
runs_already(const struct instance *in, pid_t pid)
{
	struct buf text = { .max = 1 << 18 };
	struct err err;
	bool ok = false;

	(void)dial_verb(in, "status", &ok, &text, &err);
	buf_fini(&text);
	if (!ok)
		return ctl_fail(
		    "start: it runs already (process %d), but not "
		    "every service is ready: see \"pabal %sstatus\"",
		    (int)pid, instance_flag(in));
	printf("pabal runs already (process %d)\n", (int)pid);
	return CTL_OK;
}

int
cmd_start(struct ctl *ctl, int argc, char **argv)
{
	bool last_good = false;
	const struct ctl_opt opts[] = { { "last-good", NULL, &last_good },
		{ NULL, NULL, NULL } };
	const struct instance *in = &ctl->inst;
	pid_t pid;

	if (ctl_options(ctl, opts, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	pid = dial_master_pid(in);
	if (pid != 0 && wait_if_stopping(in, pid) == 1) {
		if (last_good)
			return ctl_fail("start: it runs already (process %d); "
					"\"pabal %sstop\" comes first",
			    (int)pid, instance_flag(in));
		return runs_already(in, pid);
	}
	return last_good ? start_last_good(in) : start_checked(in);
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
	if (dial_master_pid(&ctl->inst) == 0)
		return start_checked(&ctl->inst);
	if (check(&ctl->inst, false) == -1)
		return ctl_fail("restart: mistakes in the configuration; "
				"everything keeps running");
	rc = stop(&ctl->inst);
	if (rc != CTL_OK)
		return rc;
	rc = start(&ctl->inst, false);
	if (rc != CTL_OK)
		offer(&ctl->inst);
	return rc;
}

/* "service NAME: RESULT", or a mistake in a file. */
static void
print_results(struct slice text)
{
	static const struct out_col cols[] = { { "service", 0 },
		{ "result", 0 } };
	static const struct slice service = { "service ", 8 };
	struct out o;

	out_begin(&o, true, cols, ARRAY_LEN(cols));
	while (text.n > 0) {
		struct slice line = slice_cut(text, '\n', &text);
		const size_t n = slice_search(line, SLICE(": "));

		if (slice_starts(line, service) && n < line.n) {
			out_str(&o, slice_sub(line, service.n, n - service.n));
			line = slice_from(line, n + 2);
		} else
			out_none(&o);
		out_str(&o, line);
	}
	out_end(&o);
}

/* 0: TEXT is what the services say; 1: mistakes; -1: nobody could be asked. */
static int
reload(const struct instance *in, struct buf *text, struct err *err)
{
	struct conf_errors errors = { 0 };
	bool ok = false;
	int rc = check_conf_errors(in, &errors);

	if (rc == -1) {
		conf_errors_format(&errors, text);
		rc = 1;
	} else if (dial_verb(in, "reload", &ok, text, err) == -1)
		rc = -1;
	else
		rc = ok ? 0 : 1;
	conf_errors_fini(&errors);
	return rc;
}

int
cmd_reload(struct ctl *ctl, int argc, char **argv)
{
	struct buf text = { .max = 1 << 20 };
	struct err err;
	int rc;

	if (ctl_options(ctl, NULL, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	rc = reload(&ctl->inst, &text, &err);
	if (ctl->json)
		print_results(buf_slice(&text));
	else
		out_text(rc == 0 ? stdout : stderr, buf_slice(&text));
	buf_fini(&text);
	if (rc == -1)
		return ctl_fail("reload: %s", err.text);
	if (rc == 1)
		return ctl_fail("reload: mistakes in the configuration; the "
				"daemons keep the old values");
	return CTL_OK;
}

/* What starts at boot shall run: where the files would not, the last good
 * configuration, and where that would not either, whatever the files do. */
static bool
falls_back(const struct instance *in)
{
	struct buf why = { .max = 1 << 18 };
	bool again;
	char when[32];
	bool falls = false;

	if (check(in, true) == 0)
		return false;
	if (!trial_last_good(in, when))
		ctl_fail("run: mistakes in the configuration, and there is no "
			 "last good one");
	else if (trial_run(in, true, &why, &again) == -1)
		fail_lines("run: last good configuration", buf_slice(&why));
	else
		falls = true;
	buf_fini(&why);
	if (falls)
		ctl_fail("run: mistakes in the configuration; the one that has "
			 "been good since %s is started",
		    when);
	return falls;
}

int
cmd_run(struct ctl *ctl, int argc, char **argv)
{
	bool last_good = false, or_last_good = false;
	const struct ctl_opt opts[] = { { "last-good", NULL, &last_good },
		{ "or-last-good", NULL, &or_last_good }, { NULL, NULL, NULL } };
	const struct instance *in = &ctl->inst;
	struct err err;
	pid_t pid;

	if (ctl_options(ctl, opts, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	pid = dial_master_pid(in);
	if (pid != 0)
		return ctl_fail("run: it runs already (process %d)", (int)pid);
	if (launch_wants_last_good(in))
		last_good = true;
	else if (or_last_good)
		last_good = falls_back(in);
	else if (!last_good && check(in, true) == -1) {
		ctl_fail("run: mistakes in the configuration; nothing was "
			 "started");
		offer(in);
		return CTL_FAILED;
	}
	(void)fflush(NULL);
	launch_foreground(in, last_good, &err);
	return ctl_fail("run: %s", err.text);
}
