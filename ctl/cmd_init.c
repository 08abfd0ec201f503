/* SPDX-License-Identifier: ISC */
/* pabal init: a new instance.  What is there already stays as it is, so a
 * start that was interrupted can be gone on with. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "conf/param.h"
#include "conf/value.h"
#include "ctl/check.h"
#include "ctl/commands.h"
#include "ctl/ctl.h"
#include "ctl/daemons.h"
#include "ctl/files.h"
#include "ctl/instance.h"
#include "ctl/mailstore.h"
#include "ctl/sysusers.h"
#include "ctl/template.h"
#include "sys/durable.h"
#include "sys/fd.h"
#include "table/account.h"
#include "table/compile.h"
#include "tls/selfsigned.h"

enum { DOMAINS_MAX = 100, CERT_DAYS = 3650, MAX_BASE_PORT = 60000 };

/* Make PATH and what leads to it; as root it belongs to OWNER's user and
 * GROUP's group (NULL: root's). */
static int
make_dir(const char *path, mode_t mode, const char *owner, const char *group,
    struct err *err)
{
	char *copy = xstrdup(path);
	uid_t uid = 0, unused;
	gid_t gid = 0;
	int rc = -1;

	for (char *c = strchr(copy + 1, '/'); c != NULL;
	     c = strchr(c + 1, '/')) {
		*c = '\0';
		(void)mkdir(copy, 0755);
		*c = '/';
	}
	if (mkdir(copy, mode) == -1 && errno != EEXIST) {
		err_sys(err, ERR_PERM, "create %s", path);
		goto out;
	}
	if (chmod(copy, mode) == -1) {
		err_sys(err, ERR_PERM, "set the mode of %s", path);
		goto out;
	}
	rc = 0;
	if (geteuid() != 0)
		goto out;
	if ((owner != NULL && sysusers_find(owner, &uid, &gid, err) == -1) ||
	    (group != NULL && sysusers_find(group, &unused, &gid, err) == -1))
		rc = -1;
	else if (chown(copy, uid, gid) == -1)
		rc = err_sys(err, ERR_PERM, "set the owner of %s", path);
out:
	free(copy);
	return rc;
}

/* Write NAME in DIR unless it is there; as root its group is GROUP's. */
static int
make_file(const char *dir, const char *name, struct slice body, mode_t mode,
    const char *group, struct err *err)
{
	struct stat like = {
		.st_mode = mode, .st_uid = (uid_t)-1, .st_gid = (gid_t)-1
	};
	uid_t unused;
	int fd, rc;

	if (geteuid() == 0 && group != NULL &&
	    sysusers_find(group, &unused, &like.st_gid, err) == -1)
		return -1;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return err_sys(err, ERR_PERM, "open %s", dir);
	if (faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		rc = 0;
	else
		rc = durable_replace_like(fd, name, body, &like, err);
	fd_close(&fd);
	return rc;
}

static int
make_dirs(const struct instance *in, struct err *err)
{
	char *public = xasprintf("%s/public", in->run);
	char *empty = xasprintf("%s/empty", in->run);
	int rc = 0;

	if (make_dir(in->etc, 0755, NULL, NULL, err) == -1 ||
	    make_dir(in->run, 0755, NULL, NULL, err) == -1 ||
	    make_dir(public, 0755, NULL, NULL, err) == -1 ||
	    make_dir(empty, 0555, NULL, NULL, err) == -1 ||
	    make_dir(in->spool, 0700, "pabal-queue", NULL, err) == -1 ||
	    make_dir(in->mail, 0750, "pabal-mail", NULL, err) == -1 ||
	    make_dir(in->tls, 0751, NULL, "pabal-keys", err) == -1 ||
	    (in->log != NULL && make_dir(in->log, 0750, NULL, NULL, err) == -1))
		rc = -1;
	free(public);
	free(empty);
	return rc;
}

static int
make_certificate(const struct template *t, struct err *err)
{
	struct slice alt[DOMAINS_MAX + 1];
	struct buf cert = { .max = 65536 }, key = { .max = 65536 };
	char *path = xasprintf("%s/cert.pem", t->inst->tls);
	const bool there = access(path, F_OK) == 0;
	size_t n = 0;
	int rc;

	free(path);
	if (there)
		return 0;
	alt[n++] = SLICE("localhost");
	for (size_t i = 0; t->domains[i] != NULL; i++)
		alt[n++] = slice_str(t->domains[i]);
	rc = selfsigned_make(
	    slice_str(t->hostname), alt, n, CERT_DAYS, &cert, &key, err);
	if (rc == 0) /* the key first: a certificate alone would be kept */
		rc = make_file(t->inst->tls, "key.pem", buf_slice(&key), 0640,
		    "pabal-keys", err);
	if (rc == 0)
		rc = make_file(t->inst->tls, "cert.pem", buf_slice(&cert), 0644,
		    NULL, err);
	if (key.n > 0)
		explicit_bzero(key.p, key.n);
	buf_fini(&key);
	buf_fini(&cert);
	return rc;
}

static int
make_tables(const struct template *t, struct err *err)
{
	static const struct {
		const char *name;
		void (*fill)(const struct template *, struct buf *);
		mode_t mode;
		const char *group;
	} tables[] = {
		{ "accounts", template_accounts, 0644, NULL },
		{ "passwords", template_passwords, 0640, "pabal-auth" },
		{ "aliases", template_aliases, 0644, NULL },
	};
	int fd, rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(tables) && rc == 0; i++) {
		struct buf body = { .max = FILES_MAX_BYTES };

		tables[i].fill(t, &body);
		rc = make_file(t->inst->etc, tables[i].name, buf_slice(&body),
		    tables[i].mode, tables[i].group, err);
		buf_fini(&body);
	}
	if (rc == -1)
		return -1;
	fd = open(t->inst->etc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return err_sys(err, ERR_PERM, "open %s", t->inst->etc);
	for (size_t i = 0; i < ARRAY_LEN(tables) && rc == 0; i++)
		rc = table_compile(fd, tables[i].name, NULL, err);
	fd_close(&fd);
	return rc;
}

/* pabal.conf comes last: it is what makes the rest an instance. */
static int
make_conf(const struct template *t, struct err *err)
{
	struct buf body = { .max = FILES_MAX_BYTES };
	const struct conf_desc *d;
	int rc;

	template_master(t, &body);
	rc = make_file(
	    t->inst->etc, "master.conf", buf_slice(&body), 0644, NULL, err);
	for (size_t i = 2; rc == 0 && (d = daemons_conf(i)) != NULL; i++) {
		char *name = xasprintf("%s.conf", d->name);

		buf_reset(&body);
		template_daemon(d->name, &body);
		rc = make_file(
		    t->inst->etc, name, buf_slice(&body), 0644, NULL, err);
		free(name);
	}
	buf_reset(&body);
	template_pabal(t, &body);
	if (rc == 0)
		rc = make_file(t->inst->etc, "pabal.conf", buf_slice(&body),
		    0644, NULL, err);
	buf_fini(&body);
	return rc;
}

static int
make_postmaster(const struct template *t, struct err *err)
{
	char *name = xasprintf("postmaster@%s", t->domains[0]);
	struct account account;
	int rc = account_default(slice_str(name), &account, err);

	if (rc == 0)
		rc =
		    mailstore_create(t->inst->mail, t->hostname, &account, err);
	free(name);
	return rc;
}

static int
make_all(const struct template *t, struct err *err)
{
	if (geteuid() == 0 && sysusers_create(err) == -1)
		return -1;
	if (make_dirs(t->inst, err) == -1 || make_certificate(t, err) == -1 ||
	    make_tables(t, err) == -1 || make_postmaster(t, err) == -1)
		return -1;
	return make_conf(t, err);
}

static void
say_next(const struct template *t)
{
	const char *flag = instance_flag(t->inst);

	printf("made an instance for %s in %s\n", t->domains[0],
	    t->inst->dir != NULL ? t->inst->dir : t->inst->etc);
	printf("next:  pabal %suser add NAME@%s\n       pabal %sstart\n", flag,
	    t->domains[0], flag);
	printf("mail for postmaster goes to the mailbox postmaster@%s "
	       "(see etc/aliases)\n",
	    t->domains[0]);
}

/* The name of this machine, or one in the domain when it is no full name. */
static char *
default_hostname(const char *domain)
{
	char host[256] = "";

	if (gethostname(host, sizeof host) == 0 &&
	    memchr(host, '\0', sizeof host) != NULL &&
	    strchr(host, '.') != NULL && conf_is_domain(slice_str(host)))
		return xstrdup(host);
	return xasprintf("mail.%s", domain);
}

static int
check_args(struct ctl *ctl, struct template *t)
{
	struct cur c = cur_of(slice_str(t->base_port));
	char *path;
	bool there;

	if (t->domains[0] == NULL)
		return ctl_usage(ctl, "init needs --domain");
	for (size_t i = 0; t->domains[i] != NULL; i++)
		if (!conf_is_domain(slice_str(t->domains[i])))
			return ctl_usage(ctl,
			    "--domain: expected a domain such as example.org, "
			    "not \"%s\"",
			    t->domains[i]);
	if (!conf_is_domain(slice_str(t->hostname)))
		return ctl_usage(ctl,
		    "--hostname: expected a name such as mail.example.org, "
		    "not \"%s\"",
		    t->hostname);
	if (t->base_port != NULL)
		t->port = (unsigned)cur_u64(&c, MAX_BASE_PORT);
	if (t->base_port != NULL && !cur_end(&c))
		return ctl_usage(ctl,
		    "--base-port: expected a number up to %d, not \"%s\"",
		    MAX_BASE_PORT, t->base_port);
	path = xasprintf("%s/pabal.conf", ctl->inst.etc);
	there = access(path, F_OK) == 0;
	free(path);
	if (there)
		return ctl_fail("there is an instance in %s already (it has "
				"pabal.conf); \"pabal conf\" changes it",
		    ctl->inst.etc);
	return CTL_OK;
}

/* --domain may come several times: its values are taken out before the other
 * options are looked at. */
static int
take_domains(int argc, char **argv, const char **domains)
{
	int left = 0;
	size_t n = 0;

	for (int i = 0; i < argc; i++) {
		const char *value = NULL;

		if (strcmp(argv[i], "--domain") == 0 && i + 1 < argc)
			value = argv[++i];
		else if (strncmp(argv[i], "--domain=", 9) == 0)
			value = argv[i] + 9;
		if (value == NULL)
			argv[left++] = argv[i];
		else if (n < DOMAINS_MAX)
			domains[n++] = value;
	}
	domains[n] = NULL;
	argv[left] = NULL;
	return left;
}

int
cmd_init(struct ctl *ctl, int argc, char **argv)
{
	const char *domains[DOMAINS_MAX + 1];
	struct template t = { .inst = &ctl->inst, .domains = domains };
	const char *dir = NULL;
	const struct ctl_opt opts[] = { { "dir", &dir, NULL },
		{ "hostname", &t.hostname, NULL },
		{ "base-port", &t.base_port, NULL }, { 0 } };
	char *hostname = NULL;
	struct err err;
	int rc;

	argc = take_domains(argc, argv, domains);
	if (ctl_options(ctl, opts, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	if (dir != NULL) {
		instance_fini(&ctl->inst);
		if (instance_init(&ctl->inst, dir, &err) == -1)
			return ctl_fail_err(&err);
	}
	if (t.hostname == NULL && domains[0] != NULL)
		t.hostname = hostname = default_hostname(domains[0]);
	rc = check_args(ctl, &t);
	if (rc == CTL_OK && make_all(&t, &err) == -1)
		rc = ctl_fail_err(&err);
	if (rc == CTL_OK && check_conf(&ctl->inst) == -1)
		rc = CTL_FAILED;
	if (rc == CTL_OK)
		say_next(&t);
	free(hostname);
	return rc;
}
