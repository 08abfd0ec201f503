/* SPDX-License-Identifier: ISC */
#include "ctl/mail/queuedmail.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "ctl/view/qview.h"
#include "ctl/view/spooled.h"
#include "sys/fd.h"

struct queuedmail {
	struct spooled file;
};

static int
write_piece(void *arg, struct slice piece, struct err *err)
{
	const int *fd = arg;

	return fd_write_all(*fd, piece, err);
}

/* Without what this host has put in front of it. */
static int
copy(struct spooled *s, struct err *err)
{
	int fd = memfd_create("message", MFD_CLOEXEC);

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "memory for the message");
	s->env.front = SLICE("");
	if (spooled_message(s, write_piece, &fd, err) == -1)
		fd_close(&fd);
	else if (lseek(fd, 0, SEEK_SET) == -1) {
		err_sys(err, ERR_TEMP, "seek");
		fd_close(&fd);
	}
	return fd;
}

struct queuedmail *
queuedmail_open(
    const struct instance *in, struct slice qid, int *fd, struct err *err)
{
	struct queuedmail *q = xcalloc(1, sizeof *q);
	int file;

	q->file.fd = -1;
	*fd = -1;
	if (qview_open_file(in, qid, &file, err) == 0 &&
	    spooled_init(&q->file, file, err) == 0)
		*fd = copy(&q->file, err);
	if (*fd == -1)
		queuedmail_free(&q);
	return q;
}

const struct envelope *
queuedmail_envelope(const struct queuedmail *q)
{
	return &q->file.env;
}

void
queuedmail_free(struct queuedmail **q)
{
	if (*q == NULL)
		return;
	spooled_fini(&(*q)->file);
	xfree(q);
}
