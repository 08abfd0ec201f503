/* SPDX-License-Identifier: ISC */
#include "master/setup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/confset.h"
#include "conf/wanted.h"
#include "log/log.h"
#include "master/config.h"
#include "master/control.h"
#include "master/isolation.h"
#include "master/lastgood.h"
#include "master/listen.h"
#include "master/logpipe.h"
#include "master/master.h"
#include "master/serve.h"
#include "master/size.h"
#include "sys/fd.h"
#include "sys/kernel.h"

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
	static struct serve serve;

	master.drop = geteuid() == 0;
	master.serve = &serve;
	return serve_init(&serve, err);
}

static void
make_run_dir(void)
{
	char path[1024];

	(void)mkdir(master.run_dir, 0755);
	snprintf(path, sizeof path, "%s/empty", master.run_dir);
	(void)mkdir(path, 0755);
}

/* The pid file is locked as long as master lives, so a stale one never stands
 * in the way and two masters never share an instance. */
static int
write_pid_file(struct err *err)
{
	char path[1024], pid[32];
	int fd;

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

/* Root in a container may not raise the hard limit: then up to that. */
void
setup_limits(void)
{
	struct rlimit files, more;

	if (getrlimit(RLIMIT_NOFILE, &files) == -1)
		return;
	files.rlim_cur = files.rlim_max;
	more = files;
	if (geteuid() == 0 && files.rlim_max < MASTER_FILES_WANTED)
		more.rlim_cur = more.rlim_max = MASTER_FILES_WANTED;
	if (setrlimit(RLIMIT_NOFILE, &more) == -1)
		(void)setrlimit(RLIMIT_NOFILE, &files);
}

/* Fewer files mean fewer sessions: nobody should have to find out. */
static void
tell_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_cur < MASTER_FILES_WANTED)
		log_warn("master.files-limit", kv_u("files", files.rlim_cur),
		    kv_u("wanted", MASTER_FILES_WANTED),
		    kv_u("sessions", size_sessions_by_files()));
}

/* The daemons get the sandbox that this kernel has. */
static void
tell_kernel(void)
{
	const char *lacks = kernel_lacks(kernel_landlock());

	if (lacks != NULL)
		log_warn("master.landlock-partial", kv_s("missing", lacks));
}

int
setup_load(bool last_good, struct buf *why, struct err *err)
{
	if (find_programs(err) == -1 || find_users(err) == -1)
		return -1;
	if (last_good) {
		master.files = lastgood_load(err);
		if (master.files == NULL)
			return -1;
		master.last_good = true;
	} else
		master.files = master_config_read(why);
	if (master.files == NULL ||
	    master_config_load(master.files, &master.conf, why) == -1)
		return err_set(err, ERR_PERM, "mistakes in the configuration");
	master.isolations = isolation_load(master.files);
	make_run_dir();
	return 0;
}

int
setup_start(struct buf *why, struct err *err)
{
	log_set(master.conf->shared.log_format, master.conf->shared.log_level);
	/* The children of nurseries are master's to wait for. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) == -1)
		return err_sys(err, ERR_PERM, "become the parent of orphans");
	if (write_pid_file(err) == -1)
		return -1;
	if (master_listen_bind(master.conf, why) == -1)
		return err_set_code(err, ERR_PERM,
		    master_listen_busy() ? ERR_BUSY : ERR_OTHER,
		    "cannot listen");
	if (control_open(err) == -1 ||
	    logpipe_start(master.log_file, master.log_copy, err) == -1)
		return -1;
	log_info("master.started", kv_s("version", PABAL_VERSION),
	    kv_s("config", master.config_dir),
	    kv_s("uids", master.drop ? "one for each daemon" : "one for all"));
	if (master.last_good)
		log_warn(
		    "master.last-good", kv_i("since", master.files->since_s));
	tell_limits();
	tell_kernel();
	return 0;
}
