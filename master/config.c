/* SPDX-License-Identifier: ISC */
#include "master/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bsd/string.h>

#include "base/mem.h"
#include "conf/conf.h"
#include "conf/confset.h"
#include "log/log.h"
#include "master/master.h"
#include "sys/fd.h"
#include "sys/sealed.h"

enum { PATH_BYTES = 1024, DIRS = CONFIG_DIRS };

/* NAME.conf into SET.  A daemon without a file of its own has the defaults. */
static void
read_one(struct confset *set, const char *name, bool optional, struct buf *why)
{
	char file[64], path[PATH_BYTES];
	struct buf *body;
	struct err err;
	int fd;

	snprintf(file, sizeof file, "%s.conf", name);
	snprintf(path, sizeof path, "%s/%s", master.config_dir, file);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1 && optional && errno == ENOENT)
		return;
	body = confset_add(set, master.config_dir, file);
	if (fd == -1)
		err_sys(&err, ERR_PERM, "open");
	if (fd == -1 || fd_read_file(fd, body, &err) == -1)
		buf_addf(why, "%s: %s\n", path, err.text);
	fd_close(&fd);
}

struct confset *
master_config_read(struct buf *why)
{
	struct confset *set = confset_new();
	const size_t before = why->n;

	read_one(set, "pabal", false, why);
	read_one(set, "master", false, why);
	for (unsigned r = 0; r < ROLE_CTL; r++)
		if (r != ROLE_MASTER)
			read_one(set, role_name((enum role)r), true, why);
	if (why->n > before)
		confset_free(&set);
	return set;
}

int
master_config_load(
    const struct confset *files, struct master_conf **conf, struct buf *why)
{
	static const char *const names[] = { "pabal.conf", "master.conf" };
	struct conf_text texts[ARRAY_LEN(names)];
	struct conf_errors errors = { 0 };
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct confset_file *f = confset_find(files, names[i]);

		texts[i] = (struct conf_text){ f->path, buf_slice(&f->body) };
	}
	rc = master_conf_load(texts, ARRAY_LEN(texts), conf, &errors);
	conf_errors_format(&errors, why);
	conf_errors_fini(&errors);
	return rc;
}

int
master_config_send_files(struct ipc *peer, const struct confset *files,
    const char *daemon, struct err *err)
{
	const char *const names[] = { "pabal", daemon };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct confset_file *f;
		char name[64];
		int fd;

		snprintf(name, sizeof name, "%s.conf", names[i]);
		f = confset_find(files, name);
		if (f == NULL)
			continue;
		fd = sealed_open(buf_slice(&f->body), err);
		if (fd == -1)
			return -1;
		IPC_SEND(
		    peer, master_file, .name = slice_str(f->path), .file = fd);
		fd_close(&fd);
	}
	return 0;
}

/* The directory part of PATH; "" when it has none. */
static void
dir_of(const char *path, char dir[PATH_BYTES])
{
	const struct slice s = slice_str(path);
	const size_t at = slice_rfind(s, '/');

	dir[0] = '\0';
	if (at < s.n)
		(void)slice_copy(
		    slice_sub(s, 0, at > 0 ? at : 1), dir, PATH_BYTES);
}

struct dirs {
	char tls[PATH_BYTES], state[PATH_BYTES];
	struct {
		const char *name;
		const char *path;
		bool optional; /* it may be absent */
	} v[DIRS];
};

/* In the order of enum service_dir. */
static void
find_dirs(const struct shared_conf *shared, const char *daemon,
    const char *home, struct dirs *d)
{
	const char *mail = home != NULL ? home : shared->mail_directory;

	dir_of(shared->tls_key, d->tls);
	d->v[0].name = "spool", d->v[0].path = shared->spool_directory;
	d->v[1].name = "mail", d->v[1].path = mail;
	d->v[2].name = "tables", d->v[2].path = shared->table_directory;
	d->v[3].name = "tls", d->v[3].path = d->tls;
	d->v[4].name = "signing", d->v[4].path = shared->signing_directory;
	d->v[4].optional = true;
	snprintf(d->state, sizeof d->state, "%s/%s", shared->state_directory,
	    daemon);
	d->v[5].name = "state", d->v[5].path = d->state;
	d->v[5].optional = true;
	d->v[6].name = "web", d->v[6].path = shared->web_directory;
}

int
master_config_send_dirs(struct ipc *peer, const struct shared_conf *shared,
    const char *daemon, unsigned dirs, const char *home,
    struct config_dirs *sent, struct err *err)
{
	struct dirs all = { .v = { { 0 } } };

	find_dirs(shared, daemon, home, &all);
	for (size_t i = 0; i < DIRS; i++) {
		struct stat st = { .st_ino = 0 };
		int fd;

		if ((dirs & 1U << i) == 0 || all.v[i].path[0] == '\0')
			continue;
		fd = open(all.v[i].path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd == -1 && errno == ENOENT && all.v[i].optional)
			continue;
		if (fd == -1)
			return err_sys(err, ERR_PERM, "open %s", all.v[i].path);
		(void)fstat(fd, &st);
		sent->v[i].dev = st.st_dev;
		sent->v[i].ino = st.st_ino;
		IPC_SEND(peer, master_dir, .name = slice_str(all.v[i].name),
		    .dir = fd);
		fd_close(&fd);
	}
	return 0;
}

/* The directory may be called otherwise now, or another have its name. */
bool
master_config_same_dirs(const struct shared_conf *shared, const char *daemon,
    unsigned dirs, bool home, const struct config_dirs *sent)
{
	struct dirs all = { .v = { { 0 } } };

	find_dirs(shared, daemon, NULL, &all);
	for (size_t i = 0; i < DIRS; i++) {
		struct stat st = { .st_ino = 0 };

		if ((dirs & 1U << i) == 0 ||
		    (home && strcmp(all.v[i].name, "mail") == 0))
			continue;
		if (all.v[i].path[0] != '\0')
			(void)stat(all.v[i].path, &st);
		if (st.st_dev != sent->v[i].dev || st.st_ino != sent->v[i].ino)
			return false;
	}
	return true;
}
