/* SPDX-License-Identifier: ISC */
#include "master/secrets.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "conf/errors.h"
#include "conf/lex.h"
#include "conf/param.h"
#include "conf/value.h"
#include "conf/values.h"
#include "log/log.h"
#include "master/child.h"
#include "master/master.h"
#include "sys/fd.h"

enum { PATH_BYTES = 1024 };

void
secrets_on_wants(struct ipc *peer, struct msg *m)
{
	struct child *c = ipc_data(peer);

	/* What it may have is settled before it hears of anybody. */
	if (c == NULL || c->greeted || c->state != CHILD_STARTING)
		return;
	if (!slice_copy(m->master_wants.secrets, c->secrets, sizeof c->secrets))
		c->secrets[0] = '\0';
}

static bool
is_wanted(const struct child *c, struct slice name)
{
	struct slice rest = slice_str(c->secrets);

	while (rest.n > 0)
		if (slice_eq(slice_cut(rest, ' ', &rest), name))
			return name.n > 0;
	return false;
}

static int
open_secret(const char *name, struct err *err)
{
	char path[PATH_BYTES];
	struct stat st;
	int fd;

	snprintf(path, sizeof path, "%s%s%s",
	    *name != '/' ? master.config_dir : "", *name != '/' ? "/" : "",
	    name);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return err_sys(err, ERR_PERM, "open %s", path);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		fd_close(&fd);
		return err_set(err, ERR_PERM, "%s is not a file", path);
	}
	if ((st.st_mode & 077) != 0)
		log_warn("master.secret-unreadable", kv_s("file", name),
		    kv_s("why", "others may read it: chmod 600"));
	return fd;
}

static void
send_one(const struct child *c, struct slice value)
{
	static const struct conf_param any = { .type = CONF_SECRET,
		.preset = "" };
	struct conf_secret secret = { .file = NULL };
	struct arena a;
	struct err err;
	int fd = -1;

	arena_init(&a);
	if (conf_value_parse(&any, value, &a, &secret, &err) == 0 &&
	    *secret.file != '\0') {
		fd = open_secret(secret.file, &err);
		if (fd == -1)
			log_err("master.secret-unreadable",
			    kv_s("file", secret.file), kv_s("why", err.text));
		else
			IPC_SEND(c->peer, master_secret,
			    .name = slice_str(secret.file), .file = fd);
	}
	fd_close(&fd);
	arena_fini(&a);
}

void
secrets_send(const struct child *c, struct slice text)
{
	const struct conf_text t = { c->daemon, text };
	struct conf_errors ignored = { 0 };
	struct conf_items items;
	struct arena a;

	if (c->secrets[0] == '\0')
		return;
	arena_init(&a);
	conf_lex(&t, &a, &items, &ignored);
	for (size_t i = 0; i < items.n; i++) {
		const struct conf_item *it = &items.v[i];

		if (!it->header && is_wanted(c, it->name) &&
		    (it->section.n == 0 || slice_is(it->section, c->service)))
			send_one(c, it->value);
	}
	free(items.v);
	arena_fini(&a);
	conf_errors_fini(&ignored);
}
