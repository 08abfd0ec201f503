/* SPDX-License-Identifier: ISC */
#include "ctl/move/output.h"

#include "sys/fd.h"

enum { OUTPUT_MAX = 256 << 20 };

void
move_output_init(struct move_output *o, int fd)
{
	o->fd = fd;
	buf_init(&o->text, OUTPUT_MAX);
}

void
move_output_fini(struct move_output *o)
{
	buf_fini(&o->text);
}

int
move_output_flush(struct move_output *o, bool all, struct err *err)
{
	int rc;

	if (o->text.failed)
		return err_set(err, ERR_TEMP, "too much at once");
	if (!all && o->text.n < MOVE_OUTPUT_PIECE)
		return 0;
	rc = fd_write_all(o->fd, buf_slice(&o->text), err);
	buf_reset(&o->text);
	return rc;
}
