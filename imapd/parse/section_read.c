/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "base/mem.h"
#include "imapd/parse/section.h"
#include "mime/part.h"
#include "sys/fd.h"

enum { HEADER_MAX = 1 << 20 };

int
section_read(struct buf *out, const struct section *section, int fd,
    const struct mime_span *span, struct err *err)
{
	const size_t n =
	    span->bytes < HEADER_MAX ? (size_t)span->bytes : HEADER_MAX;
	char *header = xmalloc(n + 1);
	const int rc = fd_pread_all(fd, header, n, (int64_t)span->off, err);

	if (rc == 0)
		section_filter(out, section, slice_of(header, n));
	xfree(&header);
	return rc;
}
