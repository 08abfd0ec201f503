/* SPDX-License-Identifier: ISC */
/*
 * master: binds every socket, starts every daemon, connects them with each
 * other, and starts anew what ends.  The only process that stays root; it
 * reads configuration, frames of its own children, and short frames of local
 * users, and nothing that came over a network.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "ipc/ipc.h"
#include "ipc/master.h"
#include "ipc/setup.h"
#include "log/log.h"
#include "master/broker.h"
#include "master/child.h"
#include "master/child_control.h"
#include "master/child_roster.h"
#include "master/control.h"
#include "master/logpipe.h"
#include "master/master.h"
#include "master/notify.h"
#include "master/park.h"
#include "master/reach.h"
#include "master/reload.h"
#include "master/secrets.h"
#include "master/setup.h"
#include "master/sharing.h"
#include "master/stop.h"
#include "master/trial.h"
#include "master/try.h"
#include "master/watch.h"

static struct ev_task reap;

/* What the command line asks for beside the start. */
static struct {
	int notify_fd;
	bool check;     /* only try the configuration */
	bool last_good; /* that of the state directory, not the files */
} options = { .notify_fd = -1 };

/* What a process said before its end has been read when this runs. */
static void
on_reap(struct ev_task *task)
{
	int status;
	pid_t pid;

	(void)task;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (!trial_on_exit(pid, status))
			child_reap(pid, status);
}

static void
on_signal(int signo)
{
	if (signo == SIGCHLD)
		ev_task_queue(&reap);
	else if (signo == SIGHUP)
		reload_request(NULL, 0, true);
	else
		master_stop(0);
}

/* The process at the other end of PEER if it is one that only checks. */
static struct child *
in_trial(const struct ipc *peer)
{
	struct child *c = ipc_data(peer);

	return c != NULL && c->trial != NULL ? c : NULL;
}

static void
on_hello(struct ipc *peer, struct msg *m)
{
	struct child *c = in_trial(peer);

	if (c != NULL)
		trial_on_hello(c, m);
	else
		child_on_hello(peer, m);
}

static void
on_ready(struct ipc *peer, struct msg *m)
{
	struct child *c = in_trial(peer);

	if (c != NULL)
		trial_on_ready(c, m);
	else
		child_on_ready(peer, m);
}

static void
on_gone(struct ipc *peer)
{
	struct child *c = in_trial(peer);

	broker_forget(peer);
	sharing_forget(peer);
	control_forget(peer);
	if (c != NULL) {
		trial_on_gone(c);
		return;
	}
	park_on_gone(peer);
	child_on_gone(peer);
}

static const struct ipc_table table = {
	.on = {
		[MSG_master_wants] = secrets_on_wants,
		[MSG_master_hello] = on_hello,
		[MSG_master_ready] = on_ready,
		[MSG_master_idle] = child_on_idle,
		[MSG_master_connect] = reach_on_connect,
		[MSG_master_acked] = broker_on_acked,
		[MSG_master_admit] = reach_on_admit,
		[MSG_master_changed] = reach_on_changed,
		[MSG_master_park] = park_on_park,
		[MSG_master_sharing] = sharing_on_ask,
		[MSG_parking_done] = park_on_done,
		[MSG_parking_room] = park_on_room,
		[MSG_master_control] = control_on_verb,
		[MSG_logger_closed] = logpipe_on_closed,
	},
	.on_gone = on_gone,
};

/* ---- start ---- */

static void
usage(FILE *out)
{
	fputs(
	    "usage: master -c CONFIG_DIR -r RUN_DIR [-s STATE_DIR] [-eg] [-t] "
	    "[-l LOG_FILE] [-n NOTIFY_FD] [--help | --version]\n"
	    "Starts and keeps the daemons of pabal; `pabal start` and "
	    "`pabal run` call it.\n",
	    out);
}

static int
parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	const char *bad = NULL;
	int c;

	while (
	    (c = getopt_long(argc, argv, "c:r:s:egtl:n:", longs, NULL)) != -1) {
		if (c == 'c')
			master.config_dir = optarg;
		else if (c == 'r')
			master.run_dir = optarg;
		else if (c == 's')
			master.state_dir = optarg;
		else if (c == 'e')
			master.log_copy = true;
		else if (c == 'g')
			options.last_good = true;
		else if (c == 't')
			options.check = true;
		else if (c == 'l')
			master.log_file = optarg;
		else if (c == 'n')
			options.notify_fd =
			    (int)strtonum(optarg, 0, 1000, &bad);
		else if (c == 'h') {
			usage(stdout);
			exit(EX_OK);
		} else if (c == 'v') {
			puts("pabal master " PABAL_VERSION);
			exit(EX_OK);
		} else
			return -1;
	}
	if (master.config_dir == NULL || master.run_dir == NULL ||
	    (options.last_good && master.state_dir == NULL) || bad != NULL ||
	    optind != argc)
		return -1;
	return 0;
}

static void
complain(struct buf *why, const struct err *err)
{
	fprintf(stderr, "%smaster: %s\n", buf_cstr(why), err->text);
	if (options.notify_fd != -1)
		(void)dprintf(options.notify_fd, "%smaster: %s\n%s",
		    buf_cstr(why), err->text,
		    err->code == ERR_BUSY ? NOTIFY_AGAIN : "");
}

int
main(int argc, char **argv)
{
	static const int signals[] = { SIGCHLD, SIGHUP, SIGTERM, SIGINT, 0 };
	struct buf why = { .max = 65536 };
	struct err err = { 0 };

	if (parse_options(argc, argv) == -1) {
		usage(stderr);
		return EX_USAGE;
	}
	log_init("master", 0);
	master.journal =
	    getenv("JOURNAL_STREAM") != NULL && master.log_file == NULL;
	log_for_journal(master.journal);
	setup_limits();
	umask(022);
	ev_init();
	ev_task_init(&reap, on_reap);
	reload_init();
	for (const int *s = signals; *s != 0; s++)
		ev_signal(*s, on_signal);
	ipc_setup(ROLE_MASTER, &table);
	if (options.check)
		return try_run(options.last_good);
	if (setup_load(options.last_good, &why, &err) == -1 ||
	    setup_start(&why, &err) == -1) {
		complain(&why, &err);
		return EX_CONFIG;
	}
	notify_init(options.notify_fd);
	park_init();
	child_apply(master.conf);
	watch_start();
	ev_run();
	logpipe_last_words();
	return master_stop_status();
}
