/* SPDX-License-Identifier: ISC */
/* pabal: the command of administrators; by other names sendmail, mailq and
 * newaliases. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/confined.h"
#include "ctl/cmd/ctl.h"
#include "ctl/cmd/dispatch.h"
#include "ctl/inst/instance.h"
#include "ctl/mail/sendmail.h"
#include "proc/sandbox.h"

static int
usage(FILE *f)
{
	fputs("usage: pabal [-d DIR] COMMAND ...\n\n", f);
	commands_usage(f, NULL);
	return CTL_USAGE;
}

struct globals {
	const char *dir;
	bool json;
};

/* -d DIR, --json, --help, --version before the command; gives the index of the
 * command. */
static int
global_options(int argc, char **argv, struct globals *g)
{
	/* outlive us, in argv */
	static char help[] = "help", version[] = "version";
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "-d") == 0 && i + 1 < argc)
			g->dir = argv[++i];
		else if (strcmp(argv[i], "--json") == 0)
			g->json = true;
		else if (strcmp(argv[i], "--help") == 0 ||
			 strcmp(argv[i], "-h") == 0)
			argv[i--] = help;
		else if (strcmp(argv[i], "--version") == 0)
			argv[i--] = version;
		else
			return -1;
	}
	return i;
}

/* By these names we do what others' programs of that name do. */
static bool
is_sendmail(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;

	return strcmp(name, "sendmail") == 0 || strcmp(name, "mailq") == 0 ||
	       strcmp(name, "newaliases") == 0;
}

static int
run(struct ctl *ctl, int argc, char **argv)
{
	if (argc > 0 && is_sendmail(argv[0]))
		return sendmail_main(ctl, argc, argv);
	return argc > 0 ? dispatch(ctl, argc, argv) : usage(stderr);
}

/* A child that works as the owner of mail has the rights of imapd, one that
 * asks the DNS those of lookup. */
static int
confine(const struct ctl_confined *c, struct err *err)
{
	const struct sandbox box = {
		.may = (c->ndirs > 0 ? MAY_READ | MAY_WRITE : 0) |
		       (c->connect ? MAY_CONNECT : 0) |
		       (c->dns != NULL ? MAY_DGRAM | MAY_CONNECT : 0) |
		       (c->sync ? MAY_SYNC : 0) | (c->link ? MAY_LINK : 0),
		.dirs = c->dirs,
		.ndirs = c->ndirs,
		.ports = c->dns,
		.drop = geteuid() == 0,
		.uid = c->uid,
		.gid = c->gid,
	};

	/* The caller may be where the owner must not be (root's home). */
	if (c->ndirs > 0 && fchdir(c->dirs[0]) == -1)
		return err_sys(err, ERR_PERM, "enter the directory");
	return sandbox_enter(&box, err);
}

int
main(int argc, char **argv)
{
	struct globals g = { .dir = getenv("PABAL_DIR") };
	struct ctl ctl = { .confine = confine };
	struct err err;
	int first, rc;

	(void)umask(022);
	first = is_sendmail(argv[0]) ? 0 : global_options(argc, argv, &g);
	if (first == -1)
		return usage(stderr);
	ctl.json = g.json;
	if (g.dir != NULL && *g.dir == '\0')
		g.dir = NULL;
	if (instance_init(&ctl.inst, g.dir, &err) == -1)
		return ctl_fail_err(&err);
	rc = run(&ctl, argc - first, argv + first);
	instance_fini(&ctl.inst);
	if (fflush(stdout) == EOF && rc == CTL_OK)
		rc = ctl_fail("write to standard output failed");
	return rc;
}
