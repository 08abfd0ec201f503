/* SPDX-License-Identifier: ISC */
#include "master/config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "base/mem.h"
#include "log/log.h"
#include "master/master.h"
#include "sys/fd.h"

enum { CONF_MAX_BYTES = 1 << 20, PATH_BYTES = 1024 };

static int
open_conf(const char *name, char path[PATH_BYTES])
{
	snprintf(path, PATH_BYTES, "%s/%s.conf", master.config_dir, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

int
master_config_load(struct master_conf **conf, struct buf *why)
{
	static const char *const names[] = { "pabal", "master" };
	char paths[ARRAY_LEN(names)][PATH_BYTES];
	struct buf bodies[ARRAY_LEN(names)];
	struct conf_text texts[ARRAY_LEN(names)];
	struct conf_errors errors = { 0 };
	struct err err = { 0 };
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		int fd = open_conf(names[i], paths[i]);

		buf_init(&bodies[i], CONF_MAX_BYTES);
		if (fd == -1)
			err_sys(&err, ERR_PERM, "open");
		if (fd == -1 || fd_read_file(fd, &bodies[i], &err) == -1)
			conf_errors_add(&errors, paths[i], 0, "%s", err.text);
		fd_close(&fd);
		texts[i] =
		    (struct conf_text){ paths[i], buf_slice(&bodies[i]) };
	}
	rc = master_conf_load(texts, ARRAY_LEN(texts), conf, &errors);
	if (rc == 0 && errors.n > 0) {
		master_conf_free(conf);
		rc = -1;
	}
	conf_errors_format(&errors, why);
	conf_errors_fini(&errors);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		buf_fini(&bodies[i]);
	return rc;
}

void
master_config_send_files(struct ipc *peer, const char *daemon)
{
	const char *const names[] = { "pabal", daemon };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[PATH_BYTES];
		int fd = open_conf(names[i], path);

		/* A daemon without a file of its own has the defaults. */
		if (fd == -1)
			continue;
		IPC_SEND(
		    peer, master_file, .name = slice_str(path), .file = fd);
		fd_close(&fd);
	}
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

int
master_config_send_dirs(
    struct ipc *peer, unsigned dirs, const char *home, struct err *err)
{
	const struct shared_conf *shared = &master.conf->shared;
	char tls[PATH_BYTES];
	const struct {
		const char *name;
		const char *path;
	} all[] = {
		{ "spool", shared->spool_directory },
		{ "mail", home != NULL ? home : shared->mail_directory },
		{ "tables", shared->table_directory },
		{ "tls", tls },
	};

	dir_of(shared->tls_key, tls);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		int fd;

		if ((dirs & 1U << i) == 0 || all[i].path[0] == '\0')
			continue;
		fd = open(all[i].path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd == -1)
			return err_sys(err, ERR_PERM, "open %s", all[i].path);
		IPC_SEND(peer, master_dir, .name = slice_str(all[i].name),
		    .dir = fd);
		fd_close(&fd);
	}
	return 0;
}

void
master_config_send_log(struct ipc *peer)
{
	int fd;

	if (master.log_file == NULL)
		return;
	fd = open(
	    master.log_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (fd == -1) {
		log_warn("master.log-file", kv_s("path", master.log_file));
		return;
	}
	IPC_SEND(peer, master_log, .file = fd);
	fd_close(&fd);
}
