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
#include "ctl/check/certs.h"
#include "ctl/check/check.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/daemons.h"
#include "ctl/inst/files.h"
#include "ctl/inst/instance.h"
#include "ctl/inst/owner.h"
#include "ctl/inst/sysusers.h"
#include "ctl/inst/template.h"
#include "ctl/mail/mailstore.h"
#include "ctl/sign/signfirst.h"
#include "ctl/view/nextsteps.h"
#include "sys/durable_file.h"
#include "sys/fd.h"
#include "table/account.h"
#include "table/edit.h"
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

/* Write NAME in DIR; as root its group is GROUP's. */
static int
write_file(const char *dir, const char *name, struct slice body, mode_t mode,
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
	rc = durable_replace_like(fd, name, body, &like, err);
	fd_close(&fd);
	return rc;
}

static bool
is_there(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	const bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

/* Is NAME still what WAS (NULL: nothing) made of it? */
static bool
is_as_made(const struct template *was, const char *name, template_fn *fill)
{
	struct buf made = { .max = FILES_MAX_BYTES };
	struct buf found = { .max = FILES_MAX_BYTES };
	char *path;
	bool same = false;
	int fd;

	if (was == NULL)
		return false;
	path = xasprintf("%s/%s", was->inst->etc, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd != -1 && fd_read_file(fd, &found, NULL) == 0) {
		fill(was, name, &made);
		same = slice_eq(buf_slice(&made), buf_slice(&found));
	}
	free(path);
	fd_close(&fd);
	buf_fini(&made);
	buf_fini(&found);
	return same;
}

/* What is there stays, unless WAS made it and nobody changed it since. */
static int
make_file(const struct template *t, const struct template *was,
    const char *name, template_fn *fill, mode_t mode, const char *group,
    struct err *err)
{
	struct buf body = { .max = FILES_MAX_BYTES };
	int rc = 0;

	if (!is_there(t->inst->etc, name) || is_as_made(was, name, fill)) {
		fill(t, name, &body);
		rc = write_file(
		    t->inst->etc, name, buf_slice(&body), mode, group, err);
	}
	buf_fini(&body);
	return rc;
}

static int
make_dirs(const struct instance *in, struct err *err)
{
	char *public = xasprintf("%s/public", in->run);
	char *empty = xasprintf("%s/empty", in->run);
	char *policy = xasprintf("%s/policy", in->lib);
	char *reporter = xasprintf("%s/reporter", in->lib);
	char *sts = xasprintf("%s/sts", in->lib);
	int rc = 0;

	if (make_dir(in->etc, 0755, NULL, NULL, err) == -1 ||
	    make_dir(in->run, 0755, NULL, NULL, err) == -1 ||
	    make_dir(public, 0755, NULL, NULL, err) == -1 ||
	    make_dir(empty, 0555, NULL, NULL, err) == -1 ||
	    make_dir(in->spool, 0700, "pabal-queue", NULL, err) == -1 ||
	    make_dir(in->mail, 0750, "pabal-mail", NULL, err) == -1 ||
	    make_dir(in->tls, 0751, NULL, "pabal-keys", err) == -1 ||
	    make_dir(in->signing, 0750, NULL, "pabal-keys", err) == -1 ||
	    make_dir(policy, 0700, "pabal-policy", NULL, err) == -1 ||
	    make_dir(reporter, 0700, "pabal-report", NULL, err) == -1 ||
	    make_dir(sts, 0700, "pabal-sts", NULL, err) == -1 ||
	    (in->log != NULL && make_dir(in->log, 0750, NULL, NULL, err) == -1))
		rc = -1;
	free(public);
	free(empty);
	free(policy);
	free(reporter);
	free(sts);
	return rc;
}

static int
make_certificate(
    const struct template *t, const struct template *was, struct err *err)
{
	char *file = xasprintf("%s/cert.pem", t->inst->tls);
	char *key_file = xasprintf("%s/key.pem", t->inst->tls);
	struct slice alt[DOMAINS_MAX + 1];
	struct buf cert = { .max = 65536 }, key = { .max = 65536 };
	size_t n = 0;
	int rc = 0;

	/* That of a host for itself was made for another name. */
	if (is_there(t->inst->tls, "cert.pem") && was == NULL)
		goto out;
	alt[n++] = SLICE("localhost");
	for (size_t i = 0; t->domains[i] != NULL; i++)
		alt[n++] = slice_str(t->domains[i]);
	rc = selfsigned_make(
	    slice_str(t->hostname), alt, n, CERT_DAYS, &cert, &key, err);
	if (rc == 0)
		rc = certs_write(
		    file, buf_slice(&cert), key_file, buf_slice(&key), err);
	if (key.n > 0)
		explicit_bzero(key.p, key.n);
out:
	buf_fini(&key);
	buf_fini(&cert);
	free(key_file);
	free(file);
	return rc;
}

static int
make_tables(
    const struct template *t, const struct template *was, struct err *err)
{
	static const struct {
		const char *name;
		template_fn *fill;
		mode_t mode;
		const char *group;
	} tables[] = {
		{ "accounts", template_accounts, 0644, NULL },
		{ "passwords", template_passwords, 0640, "pabal-auth" },
		{ "app_passwords", template_app_passwords, 0640, "pabal-auth" },
		{ "aliases", template_aliases, 0644, NULL },
	};
	int fd, rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(tables) && rc == 0; i++)
		rc = make_file(t, was, tables[i].name, tables[i].fill,
		    tables[i].mode, tables[i].group, err);
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
make_conf(const struct template *t, const struct template *was, struct err *err)
{
	const struct conf_desc *d;
	int rc =
	    make_file(t, was, "master.conf", template_master, 0644, NULL, err);

	for (size_t i = 2; rc == 0 && (d = daemons_conf(i)) != NULL; i++) {
		char *name = xasprintf("%s.conf", d->name);

		rc = make_file(t, was, name, template_daemon, 0644, NULL, err);
		free(name);
	}
	if (rc == 0)
		rc = make_file(t, was, "scram.secret", template_scram_secret,
		    0600, NULL, err);
	return rc == -1 ? -1
			: make_file(t, was, "pabal.conf", template_pabal, 0644,
			      NULL, err);
}

/* Keys for signing, where mail goes out into the world: an instance on ports of
 * its own is for trying things out. */
static int
make_signkeys(const struct template *t, struct err *err)
{
	const bool far = !t->local && t->base_port == NULL;

	return signfirst_make(t->inst->signing, far ? t->domains : NULL, err);
}

static int
make_postmaster(const struct template *t, struct err *err)
{
	char *name = xasprintf("postmaster@%s", t->domains[0]);
	struct account_entry account;
	int rc = account_default(slice_str(name), &account, err);

	if (rc == 0)
		rc =
		    mailstore_create(t->inst->mail, t->hostname, &account, err);
	free(name);
	return rc;
}

static int
make_all(const struct template *t, const struct template *was, struct err *err)
{
	if (geteuid() == 0 && sysusers_create(err) == -1)
		return -1;
	if (make_dirs(t->inst, err) == -1 ||
	    make_certificate(t, was, err) == -1 ||
	    make_signkeys(t, err) == -1 || make_tables(t, was, err) == -1 ||
	    make_postmaster(t, err) == -1)
		return -1;
	return make_conf(t, was, err);
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

/* A host that has no full name gets one that no other host has. */
static char *
local_hostname(void)
{
	char host[256] = "";

	if (gethostname(host, sizeof host) == -1 ||
	    memchr(host, '\0', sizeof host) == NULL ||
	    !conf_is_domain(slice_str(host)))
		return xstrdup("localhost.localdomain");
	return strchr(host, '.') != NULL ? xstrdup(host)
					 : xasprintf("%s.localdomain", host);
}

/* The value of hostname in pabal.conf (owned), NULL without one. */
static char *
found_hostname(const struct instance *in)
{
	struct buf text = { .max = FILES_MAX_BYTES };
	char *path = xasprintf("%s/pabal.conf", in->etc);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *hostname = NULL;
	struct slice rest;

	if (fd != -1 && fd_read_file(fd, &text, NULL) == 0)
		for (rest = buf_slice(&text); rest.n > 0;) {
			struct slice value;
			const struct slice line = slice_cut(rest, '\n', &rest);

			if (slice_is(
				slice_cut(line, ' ', &value), "hostname") &&
			    slice_starts(value, SLICE("= ")))
				hostname = xslicedup(slice_from(value, 2));
		}
	fd_close(&fd);
	free(path);
	buf_fini(&text);
	return hostname;
}

/* The instance that is there: none, one that served its own host only and is
 * as it was made (WAS), or another. */
static int
check_there(struct ctl *ctl, const struct template *t, struct template *was)
{
	static const char *const here[] = { NULL, "localhost", NULL };
	static const char *domains[ARRAY_LEN(here)];

	if (!is_there(ctl->inst.etc, "pabal.conf"))
		return CTL_OK;
	memcpy(domains, here, sizeof here);
	*was = (struct template){ .inst = &ctl->inst,
		.hostname = found_hostname(&ctl->inst),
		.domains = domains,
		.base_port = t->base_port,
		.port = t->port,
		.local = true };
	domains[0] = was->hostname;
	if (was->hostname != NULL && !t->local &&
	    is_as_made(was, "pabal.conf", template_pabal))
		return CTL_OK;
	return ctl_fail("there is an instance in %s already (it has "
			"pabal.conf); \"pabal conf\" changes it",
	    ctl->inst.etc);
}

static int
check_args(struct ctl *ctl, struct template *t)
{
	struct cur c = cur_of(slice_str(t->base_port));

	if (t->domains[0] == NULL)
		return ctl_usage(ctl, "init needs --domain or --local");
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

/* The names that an instance has when it is not told them; HOSTNAME is where
 * a made one is owned. */
static void
default_names(struct template *t, const char **domains, char **hostname)
{
	if (t->hostname == NULL && t->local)
		t->hostname = *hostname = local_hostname();
	else if (t->hostname == NULL && domains[0] != NULL)
		t->hostname = *hostname = default_hostname(domains[0]);
	if (t->local && domains[0] == NULL) {
		domains[0] = t->hostname;
		domains[1] = "localhost";
		domains[2] = NULL;
	}
}

int
cmd_init(struct ctl *ctl, int argc, char **argv)
{
	const char *domains[DOMAINS_MAX + 1];
	struct template t = { .inst = &ctl->inst, .domains = domains };
	struct template was = { 0 };
	const char *dir = NULL;
	const struct ctl_opt opts[] = { { "dir", &dir, NULL },
		{ "hostname", &t.hostname, NULL },
		{ "base-port", &t.base_port, NULL },
		{ "local", NULL, &t.local }, { 0 } };
	char *hostname = NULL;
	struct err err;
	int rc;

	argc = take_domains(argc, argv, domains);
	if (ctl_options(ctl, opts, argc, argv, 0, 0) == -1)
		return CTL_USAGE;
	if (t.local && domains[0] != NULL)
		return ctl_usage(
		    ctl, "init: --local and --domain exclude each other");
	if (dir != NULL) {
		instance_fini(&ctl->inst);
		if (instance_init(&ctl->inst, dir, &err) == -1)
			return ctl_fail_err(&err);
	}
	if (owner_check(ctl) != CTL_OK)
		return CTL_FAILED;
	default_names(&t, domains, &hostname);
	rc = check_args(ctl, &t);
	if (rc == CTL_OK)
		rc = check_there(ctl, &t, &was);
	if (rc == CTL_OK &&
	    make_all(&t, was.inst != NULL ? &was : NULL, &err) == -1)
		rc = ctl_fail_err(&err);
	if (rc == CTL_OK && check_conf(&ctl->inst) == -1)
		rc = CTL_FAILED;
	if (rc == CTL_OK)
		nextsteps_print(&t);
	free(hostname);
	return rc;
}
