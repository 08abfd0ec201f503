/* SPDX-License-Identifier: ISC */
/* A frame that is read is written again as the same bytes. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "ipc/frame.h"
#include "ipc/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice frame = slice_of(data, size);
	struct buf again;
	struct msg m;
	int fd;

	if (size > MSG_MAX_BYTES || !msg_get(frame, -1, &m))
		return 0;
	must(msg_name(m.type) != NULL);
	must(msg_fd(&m) == NULL || *msg_fd(&m) == -1);
	buf_init(&again, MSG_MAX_BYTES);
	must(msg_put(&m, &again, &fd));
	must(slice_eq(buf_slice(&again), frame));
	must(fd == -1);
	buf_fini(&again);
	return 0;
}
