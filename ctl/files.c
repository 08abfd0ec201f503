/* SPDX-License-Identifier: ISC */
#include "ctl/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "ctl/ctl.h"
#include "sys/fd.h"

/* -1 with errno kept when it cannot be opened or read. */
static int
read_file(const char *path, struct buf *body, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "read %s", path);
	rc = fd_read_file(fd, body, err);
	fd_close(&fd);
	return rc;
}

static int
add(struct files *f, const struct instance *in, const char *daemon,
    bool optional)
{
	const size_t i = f->n++;
	struct err err;

	f->names[i] = xasprintf("%s/%s.conf", in->etc, daemon);
	buf_init(&f->bodies[i], FILES_MAX_BYTES);
	if (read_file(f->names[i], &f->bodies[i], &err) == -1 &&
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
	fputs(buf_cstr(&out), stderr);
	buf_fini(&out);
}
