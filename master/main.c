/* SPDX-License-Identifier: ISC */
/*
 * master: binds every socket, starts every daemon, introduces them to each
 * other, and starts anew what ends.  The only process that stays root; it
 * reads configuration, frames of its own children, and short frames of local
 * users, and nothing that came over a network.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "base/mem.h"
#include "ipc/ipc.h"
#include "log/log.h"
#include "master/child.h"
#include "master/config.h"
#include "master/control.h"
#include "master/intro.h"
#include "master/listen.h"
#include "master/master.h"
#include "master/notify.h"
#include "master/reload.h"
#include "master/stop.h"
#include "sys/fd.h"

struct master master;

static int exit_status;

void
master_stop(int status)
{
	if (master.stopping)
		return;
	master.stopping = true;
	exit_status = status;
	log_info("master.stopping");
	notify_systemd("STOPPING=1");
	child_stop_all();
}

int
master_reload(struct buf *why)
{
	struct master_conf *conf, *old = master.conf;

	if (master_config_load(&conf, why) == -1)
		return -1;
	if (master_listen_bind(conf, why) == -1) {
		master_listen_trim(old);
		master_conf_free(&conf);
		return -1;
	}
	if (master.log_file != NULL) {
		int fd = open(master.log_file,
		    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

		if (fd != -1)
			(void)dup2(fd, 2);
		fd_close(&fd);
	}
	/* Processes that stay compare old and new, so old goes last. */
	child_retire(conf);
	master.conf = conf;
	child_apply(conf);
	master_listen_trim(conf);
	master_conf_free(&old);
	log_info("master.reloaded");
	return 0;
}

static void
on_signal(int signo)
{
	struct buf why = { .max = 65536 };

	if (signo == SIGCHLD)
		child_reap();
	else if (signo == SIGHUP) {
		if (master_reload(&why) == -1)
			log_err("master.reload-refused",
			    kv_slice("why", slice_trim(buf_slice(&why))));
		buf_fini(&why);
	} else
		master_stop(0);
}

static void
on_gone(struct ipc *peer)
{
	intro_forget(peer);
	control_forget(peer);
	child_on_gone(peer);
}

static const struct ipc_table table = {
	.on = {
		[MSG_master_hello] = child_on_hello,
		[MSG_master_ready] = child_on_ready,
		[MSG_master_idle] = child_on_idle,
		[MSG_master_connect] = intro_on_connect,
		[MSG_master_control] = control_on_verb,
	},
	.on_gone = on_gone,
};

/* ---- start ---- */

static void
usage(FILE *out)
{
	fputs("usage: master -c CONFIG_DIR -r RUN_DIR [-l LOG_FILE] "
	      "[-n NOTIFY_FD] [--help | --version]\n"
	      "Starts and keeps the daemons of pabal; `pabal start` and "
	      "`pabal run` call it.\n",
	    out);
}

static int
parse_options(int argc, char **argv, int *notify_fd)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	const char *bad = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "c:r:l:n:", longs, NULL)) != -1) {
		if (c == 'c')
			master.config_dir = optarg;
		else if (c == 'r')
			master.run_dir = optarg;
		else if (c == 'l')
			master.log_file = optarg;
		else if (c == 'n')
			*notify_fd = (int)strtonum(optarg, 0, 1000, &bad);
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
	    bad != NULL || optind != argc)
		return -1;
	return 0;
}

/* The daemons' programs stand beside this one. */
static int
find_programs(struct err *err)
{
	static char path[1024];
	const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	char *slash;

	if (n == -1)
		return err_sys(err, ERR_PERM, "read /proc/self/exe");
	path[n] = '\0';
	slash = strrchr(path, '/');
	*slash = '\0';
	master.program_dir = path;
	return 0;
}

static int
find_users(struct err *err)
{
	const struct passwd *pw;

	master.drop = geteuid() == 0;
	if (!master.drop)
		return 0;
	pw = getpwnam("pabal-mail");
	if (pw == NULL)
		return err_set(err, ERR_PERM,
		    "no user pabal-mail: create the accounts (\"make "
		    "accounts\", or systemd-sysusers)");
	master.mail_uid = pw->pw_uid;
	master.mail_gid = pw->pw_gid;
	pw = getpwnam("nobody");
	master.nobody_uid = pw != NULL ? pw->pw_uid : 65534;
	master.nobody_gid = pw != NULL ? pw->pw_gid : 65534;
	return 0;
}

/* The pid file is locked as long as master lives, so a stale one never stands
 * in the way and two masters never share an instance. */
static int
write_pid_file(struct err *err)
{
	char path[1024], pid[32];
	int fd;

	(void)mkdir(master.run_dir, 0755);
	snprintf(path, sizeof path, "%s/empty", master.run_dir);
	(void)mkdir(path, 0755);
	snprintf(path, sizeof path, "%s/master.pid", master.run_dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd == -1)
		return err_sys(err, ERR_PERM, "open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == -1)
		return err_sys(err, ERR_PERM, "%s: already running", path);
	snprintf(pid, sizeof pid, "%d\n", (int)getpid());
	if (ftruncate(fd, 0) == -1)
		return err_sys(err, ERR_PERM, "write %s", path);
	return fd_write_all(fd, slice_str(pid), err);
}

static void
raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == -1)
		return;
	if (geteuid() == 0 && files.rlim_max < 524288)
		files.rlim_max = 524288;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

static int
open_log(struct err *err)
{
	int fd;

	if (master.log_file == NULL)
		return 0;
	fd = open(
	    master.log_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (fd == -1 || dup2(fd, 2) == -1)
		return err_sys(err, ERR_PERM, "open %s", master.log_file);
	fd_close(&fd);
	return 0;
}

static int
start(struct buf *why, struct err *err)
{
	if (find_programs(err) == -1 || find_users(err) == -1)
		return -1;
	if (master_config_load(&master.conf, why) == -1)
		return err_set(err, ERR_PERM, "mistakes in the configuration");
	log_set(master.conf->shared.log_format == SHARED_JSON ? LOG_JSON
							      : LOG_LOGFMT,
	    (enum log_level)master.conf->shared.log_level);
	if (write_pid_file(err) == -1)
		return -1;
	if (master_listen_bind(master.conf, why) == -1)
		return err_set(err, ERR_PERM, "cannot listen");
	if (control_open(err) == -1 || open_log(err) == -1)
		return -1;
	return 0;
}

static void
complain(int notify_fd, struct buf *why, const struct err *err)
{
	fprintf(stderr, "%smaster: %s\n", buf_cstr(why), err->text);
	if (notify_fd != -1)
		(void)dprintf(notify_fd, "%sfailed master: %s\n", buf_cstr(why),
		    err->text);
}

int
main(int argc, char **argv)
{
	static const int signals[] = { SIGCHLD, SIGHUP, SIGTERM, SIGINT };
	struct buf why = { .max = 65536 };
	struct err err = { 0 };
	int notify_fd = -1;

	if (parse_options(argc, argv, &notify_fd) == -1) {
		usage(stderr);
		return EX_USAGE;
	}
	log_init("master", 0);
	master.journal =
	    getenv("JOURNAL_STREAM") != NULL && master.log_file == NULL;
	log_for_journal(master.journal);
	raise_limits();
	umask(022);
	ev_init();
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		ev_signal(signals[i], on_signal);
	if (start(&why, &err) == -1) {
		complain(notify_fd, &why, &err);
		return EX_CONFIG;
	}
	log_info("master.started", kv_s("version", PABAL_VERSION),
	    kv_s("config", master.config_dir),
	    kv_s("uids", master.drop ? "one for each daemon" : "one for all"));
	ipc_setup(ROLE_MASTER, &table);
	notify_init(notify_fd);
	child_apply(master.conf);
	ev_run();
	log_info("master.stopped");
	log_flush();
	return exit_status;
}
