/* SPDX-License-Identifier: ISC */
#include "ctl/inst/sysusers.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "sys/spawn.h"

static const char *const names[] = {
#define ACCOUNT(name) name,
#include "sys/accounts.def" // IWYU pragma: keep
#undef ACCOUNT
};

static int
create(const char *name, struct err *err)
{
	char *user = xstrdup(name);
	char *argv[] = { (char[]){ "useradd" }, (char[]){ "--system" },
		(char[]){ "--user-group" }, (char[]){ "--no-create-home" },
		(char[]){ "--home-dir" }, (char[]){ "/nonexistent" },
		(char[]){ "--shell" }, (char[]){ "/usr/sbin/nologin" }, user,
		NULL };
	char *envp[] = { (char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" },
		NULL };
	const int fds[] = { -1, 2, 2 };
	const pid_t pid = spawn_program(
	    "/usr/sbin/useradd", argv, envp, fds, ARRAY_LEN(fds), err);
	int status = -1;

	free(user);
	if (pid == -1)
		return -1;
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (status != 0)
		return err_set(err, ERR_PERM,
		    "useradd could not create the system user %s", name);
	printf("created the system user %s\n", name);
	return 0;
}

int
sysusers_create(struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (getpwnam(names[i]) == NULL && create(names[i], err) == -1)
			return -1;
	return 0;
}

int
sysusers_find(const char *name, uid_t *uid, gid_t *gid, struct err *err)
{
	const struct passwd *pw = getpwnam(name);

	if (pw == NULL)
		return err_set(err, ERR_PERM,
		    "there is no system user %s: \"pabal start\" and \"make "
		    "accounts\" create it when root runs them",
		    name);
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return 0;
}
