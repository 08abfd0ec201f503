/* SPDX-License-Identifier: ISC */
#include "ctl/inst/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "ctl/cmd/ctl.h"
#include "ctl/view/out.h"
#include "sys/fd.h"

/* -1 with errno kept when it cannot be opened or read. */
static int
read_file(const struct instance *in, const char *path, struct buf *body,
    struct err *err)
{
	struct err why;
	int fd, rc;

	if (in->draft != NULL && strcmp(in->draft->name, path) == 0) {
		buf_add(body, in->draft->body);
		return 0;
	}
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return err_sys(err, ERR_TEMP, "read %s", path);
	rc = fd_read_file(fd, body, &why);
	fd_close(&fd);
	if (rc == -1)
		return err_set(err, why.class, "%s: %s", path, why.text);
	return 0;
}

static int
add(struct files *f, const struct instance *in, const char *daemon,
    bool optional)
{
	const size_t i = f->n++;
	struct err err;

	f->names[i] = xasprintf("%s/%s.conf", in->etc, daemon);
	buf_init(&f->bodies[i], FILES_MAX_BYTES);
	if (read_file(in, f->names[i], &f->bodies[i], &err) == -1 &&
	    !(optional && errno == ENOENT)) {
		ctl_fail("%s", err.text);
		if (errno == ENOENT)
			fprintf(stderr,
			    "pabal: is there an instance? \"pabal init\" makes "
			    "one, -d DIR says where it is\n");
		return -1;
	}
	f->texts[i] =
	    (struct conf_text){ f->names[i], buf_slice(&f->bodies[i]) };
	return 0;
}

int
files_read(struct files *f, const struct instance *in, const char *daemon,
    bool lenient)
{
	*f = (struct files){ .n = 0 };
	if (add(f, in, "pabal", lenient) == -1)
		return -1;
	if (strcmp(daemon, "pabal") == 0)
		return 0;
	return add(f, in, daemon, true);
}

struct conf_text *
files_own(struct files *f)
{
	return &f->texts[f->n - 1];
}

void
files_fini(struct files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->names[i]);
		buf_fini(&f->bodies[i]);
	}
	f->n = 0;
}

void
files_print_errors(const struct conf_errors *errors)
{
	struct buf out;

	buf_init(&out, 1u << 20);
	conf_errors_format(errors, &out);
	out_text(stderr, buf_slice(&out));
	buf_fini(&out);
}
