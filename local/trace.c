/* SPDX-License-Identifier: ISC */
#include "local/trace.h"

#include "mime/header.h"

void
trace_put(struct buf *out, struct slice sender, struct slice address,
    struct slice front)
{
	buf_adds(out, "Return-Path: <");
	buf_add(out, sender);
	buf_adds(out, ">\r\n");
	if (address.n > 0) {
		buf_adds(out, "Delivered-To: ");
		buf_add(out, address);
		buf_adds(out, "\r\n");
	}
	buf_add(out, front);
}

bool
trace_is_loop(struct slice header, struct slice address)
{
	static const struct slice name = SLICE("Delivered-To:");

	while (header.n > 0) {
		const struct slice line =
		    slice_trim(slice_cut(header, '\n', &header));

		if (line.n == 0) /* the body begins */
			return false;
		if (slice_istarts(line, name) &&
		    slice_ieq(slice_trim(slice_from(line, name.n)), address))
			return true;
	}
	return false;
}

struct slice
trace_return_path(struct slice *header)
{
	struct header_field f;

	while (header_next(header, &f))
		if (slice_iis(f.name, "Return-Path"))
			return f.raw;
	return SLICE("");
}
