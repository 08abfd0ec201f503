/* SPDX-License-Identifier: ISC */
#include "proc/secrets.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "conf/secret.h"
#include "conf/values.h"
#include "ipc/ipc.h"

enum { SECRETS_MAX = 16 };

/* What came since the last configuration that was loaded. */
static struct secret {
	char name[256]; /* of the file, as the configuration has it */
	struct buf body;
} came[SECRETS_MAX];
static size_t ncame;

static void
forget(struct secret *s)
{
	if (s->body.p != NULL)
		explicit_bzero(s->body.p, s->body.cap);
	buf_fini(&s->body);
}

/* Where the file NAME goes; NULL: there is no room. */
static struct secret *
place_for(struct slice name)
{
	struct secret *s = NULL;

	/* One from a load that failed may be there still. */
	for (size_t i = 0; i < ncame; i++)
		if (slice_eq(slice_str(came[i].name), name)) {
			forget(&came[i]);
			return &came[i];
		}
	if (ncame < SECRETS_MAX &&
	    slice_copy(name, came[ncame].name, sizeof came[ncame].name))
		s = &came[ncame++];
	return s;
}

void
secrets_want(struct ipc *master, const struct conf_desc *d)
{
	struct buf names = { .max = 4096 };

	for (size_t i = 0; i < d->nparams; i++)
		if (d->params[i].type == CONF_SECRET)
			buf_addf(&names, "%s ", d->params[i].name);
	if (names.n > 0)
		IPC_SEND(master, master_wants, .secrets = buf_slice(&names));
	buf_fini(&names);
}

void
secrets_on_file(struct ipc *master, struct msg *m)
{
	const struct msg_master_secret *in = &m->master_secret;
	struct secret *s = place_for(in->name);
	ssize_t n;

	(void)master;
	if (s == NULL)
		return;
	buf_init(&s->body, CONF_SECRET_MAX);
	/* Straight to its place: no copy stays behind. */
	n = pread(
	    in->file, buf_room(&s->body, CONF_SECRET_MAX), CONF_SECRET_MAX, 0);
	if (n > 0)
		buf_added(&s->body, (size_t)n);
}

static int
fill(const struct conf_param *p, void *conf, struct err *err)
{
	const struct conf_secret *secret =
	    (const void *)((const char *)conf + p->offset);

	if (*secret->file == '\0')
		return 0;
	for (size_t i = 0; i < ncame; i++)
		if (strcmp(came[i].name, secret->file) == 0)
			return conf_secret_fill(
			    p, conf, buf_slice(&came[i].body), err);
	return err_set(err, ERR_PERM,
	    "%s: the file %s cannot be read: \"pabal conf check\"", p->name,
	    secret->file);
}

int
secrets_fill(const struct conf_desc *d, void *conf, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < d->nparams && rc == 0; i++)
		if (d->params[i].type == CONF_SECRET)
			rc = fill(&d->params[i], conf, err);
	while (ncame > 0)
		forget(&came[--ncame]);
	return rc;
}
