/* SPDX-License-Identifier: ISC */
#include "ctl/mail/mailstore.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "ctl/inst/sysusers.h"
#include "store/store.h"
#include "sys/fd.h"

int
mailstore_find_owner(const char *mail_directory, const struct account_entry *a,
    struct mailstore_owner *o, struct err *err)
{
	const struct passwd *pw;

	*o = (struct mailstore_owner){ geteuid(), getegid(), mail_directory };
	if (a->uid == ACCOUNT_VIRTUAL)
		return geteuid() != 0
			   ? 0
			   : sysusers_find("pabal-mail", &o->uid, &o->gid, err);
	pw = getpwuid(a->uid);
	if (pw == NULL)
		return err_set(err, ERR_PERM, "uid %u: there is no such user",
		    (unsigned)a->uid);
	if (geteuid() != 0 && geteuid() != a->uid)
		return err_set(err, ERR_PERM,
		    "only root can work in the mailbox of uid %u",
		    (unsigned)a->uid);
	*o = (struct mailstore_owner){ pw->pw_uid, pw->pw_gid, pw->pw_dir };
	return 0;
}

static int
become(const struct mailstore_owner *o, struct err *err)
{
	if (geteuid() == o->uid)
		return 0;
	if (setgroups(0, NULL) == -1 ||
	    setresgid(o->gid, o->gid, o->gid) == -1 ||
	    setresuid(o->uid, o->uid, o->uid) == -1)
		return err_sys(
		    err, ERR_PERM, "become uid %u", (unsigned)o->uid);
	return 0;
}

static int
create(const struct mailstore_owner *o, const char *home, const char *hostname,
    struct err *err)
{
	char boot_id[STORE_BOOT_ID_SIZE];
	struct store_opts opts = { .hostname = hostname, .boot_id = boot_id };
	struct store *store;
	int rootfd, rc;

	if (store_boot_id(boot_id, err) == -1)
		return -1;
	rootfd = open(o->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (rootfd == -1)
		return err_sys(err, ERR_PERM, "open %s", o->root);
	rc = become(o, err);
	if (rc == 0) {
		store = store_new(rootfd, &opts);
		rc = store_account_create(store, home, err);
		store_free(&store);
	}
	fd_close(&rootfd);
	return rc;
}

/* CREATE in a child that becomes the owner; its mistake comes by a pipe. */
static int
create_in_child(const struct mailstore_owner *o, const char *home,
    const char *hostname, struct err *err)
{
	struct buf why = { .max = sizeof err->text };
	int ends[2], status = -1;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return err_sys(err, ERR_TEMP, "pipe");
	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		const int rc = create(o, home, hostname, err);

		if (rc == -1)
			(void)!write(ends[1], err->text, strlen(err->text));
		_exit(rc == 0 ? 0 : 1);
	}
	fd_close(&ends[1]);
	if (pid == -1) {
		fd_close(&ends[0]);
		return err_sys(err, ERR_TEMP, "fork");
	}
	(void)fd_read_rest(ends[0], &why, NULL);
	fd_close(&ends[0]);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (status != 0)
		err_set(err, ERR_PERM, "%s",
		    why.n > 0 ? buf_cstr(&why) : "making the mailbox failed");
	buf_fini(&why);
	return status == 0 ? 0 : -1;
}

int
mailstore_create(const char *mail_directory, const char *hostname,
    const struct account_entry *a, struct err *err)
{
	struct mailstore_owner o;

	if (mailstore_find_owner(mail_directory, a, &o, err) == -1)
		return -1;
	if (geteuid() == o.uid)
		return create(&o, a->home, hostname, err);
	return create_in_child(&o, a->home, hostname, err);
}
