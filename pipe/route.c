/* SPDX-License-Identifier: ISC */
#include "pipe/route.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "pipe/aliases.h"
#include "pipe/conf.h"
#include "proto/address.h"
#include "sys/fd.h"
#include "table/command.h"
#include "table/reader.h"
#include "table/table.h"

/* NAME's entry, of a table that is opened beneath DIRFD for it alone. */
static int
read_entry(const struct aliases *of, int dirfd, struct slice name,
    struct buf *value, struct err *err)
{
	struct aliases a = { .dirfd = dirfd, .owner = of->owner };
	int rc = -1;

	a.table = table_open(pipe_conf->shared.commands, dirfd, err);
	if (a.table == NULL)
		return -1;
	if (aliases_check_owner(&a, err) == 0)
		switch (table_get(a.table, name, value, err)) {
		case FOUND:
			rc = 0;
			break;
		case ABSENT:
			err_set(err, ERR_TEMP,
			    "the table commands does not name it");
			break;
		case TEMPFAIL:
			break;
		}
	table_free(&a.table);
	return rc;
}

/* A user's process has no descriptor of the directory, but what all may read
 * he may. */
static int
find(const struct aliases *a, struct slice name, struct buf *value,
    struct err *err)
{
	const char *path = pipe_conf->shared.table_directory;
	int fd, rc;

	if (a->dirfd != -1)
		return read_entry(a, a->dirfd, name, value, err);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "open %s", path);
	rc = read_entry(a, fd, name, value, err);
	fd_close(&fd);
	return rc;
}

/* "rfc822;user@example.org" */
static struct slice
original(const struct job_rcpt *rcpt)
{
	struct slice address;

	(void)slice_cut(rcpt->orcpt, ';', &address);
	return address.n > 0 ? address : rcpt->address;
}

static void
set_values(const struct envelope *env, const struct job_rcpt *rcpt,
    struct arena *arena, struct slice v[MACRO_COUNT])
{
	char size[24];

	snprintf(size, sizeof size, "%lld", (long long)env->size);
	v[MACRO_SENDER] =
	    env->sender.n > 0 ? env->sender : SLICE("MAILER-DAEMON");
	v[MACRO_RECIPIENT] = rcpt->address;
	v[MACRO_ORIGINAL] = original(rcpt);
	address_split(rcpt->address, &v[MACRO_MAILBOX], &v[MACRO_DOMAIN]);
	v[MACRO_USER] = v[MACRO_MAILBOX];
	v[MACRO_EXTENSION] = SLICE("");
	(void)address_split_tag(v[MACRO_MAILBOX],
	    pipe_conf->shared.recipient_delimiter, &v[MACRO_USER],
	    &v[MACRO_EXTENSION]);
	v[MACRO_QUEUE_ID] = env->id;
	v[MACRO_SIZE] = arena_slice(arena, slice_str(size));
	v[MACRO_CLIENT_ADDRESS] = env->client;
}

/* Nobody's stands without a uid. */
static bool
is_ours(const struct aliases *a, const struct table_command *c)
{
	return a->dirfd != -1 ? c->uid == 0 : c->uid == getuid();
}

static char **
fill(const struct table_command *c, const struct slice v[MACRO_COUNT],
    struct arena *arena, struct err *err)
{
	char **argv = arena_alloc(arena, (c->n + 1) * sizeof *argv);

	for (size_t i = 0; i < c->n; i++) {
		argv[i] = table_command_fill(c->args[i], v, arena);
		if (argv[i] != NULL)
			continue;
		err_set(err, ERR_PERM,
		    "its command would take an address for an option");
		return NULL;
	}
	argv[c->n] = NULL;
	return argv;
}

char **
route_argv(const struct aliases *a, struct slice name,
    const struct envelope *env, const struct job_rcpt *rcpt,
    struct arena *arena, struct err *err)
{
	struct buf value = { .max = TABLE_VALUE_MAX };
	struct slice v[MACRO_COUNT];
	struct table_command c;
	char **argv = NULL;

	if (find(a, name, &value, err) == 0 &&
	    table_command_parse(buf_slice(&value), arena, &c, err) == 0) {
		set_values(env, rcpt, arena, v);
		if (is_ours(a, &c))
			argv = fill(&c, v, arena, err);
		else
			err_set(err, ERR_TEMP,
			    "the table commands names another user");
	} else {
		err->class = ERR_TEMP; /* the administrator's to mend */
	}
	buf_fini(&value);
	return argv;
}
