/* SPDX-License-Identifier: ISC */
/* pabal privileges: what each daemon declares it may do, asked of the daemon
 * itself. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/daemons.h"
#include "ctl/inst/instance.h"
#include "ctl/view/out.h"
#include "ipc/role.h"
#include "sys/fd.h"
#include "sys/spawn.h"

/* What PATH --privileges prints. */
static int
ask(const char *path, struct buf *text, struct err *err)
{
	char *name = xstrdup(path);
	char *argv[] = { name, (char[]){ "--privileges" }, NULL };
	char *envp[] = { NULL };
	int ends[2], fds[3] = { -1, -1, 2 }, status = -1;
	pid_t pid;
	ssize_t n;
	char *to;

	if (pipe2(ends, O_CLOEXEC) == -1) {
		free(name);
		return err_sys(err, ERR_TEMP, "pipe");
	}
	fds[1] = ends[1];
	pid = spawn_program(path, argv, envp, fds, ARRAY_LEN(fds), err);
	free(name);
	fd_close(&ends[1]);
	while (pid != -1 && (to = buf_room(text, 4096)) != NULL &&
	       (n = read(ends[0], to, 4096)) > 0)
		buf_added(text, (size_t)n);
	fd_close(&ends[0]);
	while (pid != -1 && waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (status != 0 && pid != -1)
		return err_set(err, ERR_TEMP, "%s does not tell", path);
	return pid == -1 ? -1 : 0;
}

/* The value of KEY in: name user=x may="a b" reach="c" */
static struct slice
value_of(struct slice line, const char *key)
{
	struct buf want = { .max = 64 };
	struct slice rest;
	size_t at;

	buf_addf(&want, " %s=", key);
	at = slice_search(line, buf_slice(&want));
	rest = slice_from(line, at + want.n);
	buf_fini(&want);
	if (rest.n > 0 && rest.p[0] == '"')
		return slice_cut(slice_from(rest, 1), '"', &rest);
	return slice_cut(rest, ' ', &rest);
}

static int
print_one(struct ctl *ctl, struct out *o, const char *path, bool syscalls)
{
	static const char *const keys[] = { "user", "may", "reach", "dirs",
		"syscalls" };
	struct buf text = { .max = 65536 };
	struct slice line, rest;
	struct err err;
	int rc = CTL_OK;

	if (ask(path, &text, &err) == -1) {
		rc = ctl_fail("privileges: %s", err.text);
	} else {
		line = slice_trim(buf_slice(&text));
		if (ctl->json)
			out_str(o, slice_cut(line, ' ', &rest));
		else
			printf(
			    "%.*s\n", SLICE_FMT(slice_cut(line, ' ', &rest)));
		for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
			const struct slice v = value_of(line, keys[i]);

			if (ctl->json)
				out_str(o, v);
			else if (i + 1 < ARRAY_LEN(keys) || syscalls)
				printf("    %-9s %.*s\n", keys[i],
				    SLICE_FMT(v.n > 0 ? v : SLICE("-")));
		}
	}
	buf_fini(&text);
	return rc;
}

int
cmd_privileges(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "daemon", 0 }, { "user", 0 },
		{ "may", 0 }, { "reach", 0 }, { "dirs", 0 },
		{ "syscalls", 0 } };
	bool syscalls = false;
	const struct ctl_opt opts[] = { { "syscalls", NULL, &syscalls },
		{ 0 } };
	const int n = ctl_options(ctl, opts, argc, argv, 0, 1);
	struct out o;
	int rc = CTL_OK;
	size_t found = 0;

	if (n == -1)
		return CTL_USAGE;
	out_begin(&o, true, cols, ARRAY_LEN(cols));
	for (unsigned r = ROLE_MASTER + 1; r < ROLE_CTL; r++) {
		const char *name = role_name((enum role)r);
		char *path = xasprintf("%s/%s", ctl->inst.programs, name);

		if (access(path, X_OK) == 0 &&
		    (n == 0 || slice_is(slice_str(argv[0]), name))) {
			found++;
			if (print_one(ctl, &o, path, syscalls || n == 1) !=
			    CTL_OK)
				rc = CTL_FAILED;
		}
		free(path);
	}
	if (ctl->json)
		out_end(&o);
	if (found == 0 && n == 1)
		rc = daemons_fail(argv[0]);
	else if (found == 0)
		rc = ctl_fail(
		    "privileges: there is no daemon in %s", ctl->inst.programs);
	return rc;
}
