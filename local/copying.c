/* SPDX-License-Identifier: ISC */
#include "local/copying.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/crc32c.h"
#include "local/trace.h"
#include "store/append.h"

static void
next_to_leave_out(struct local_copy *f)
{
	const struct slice all = f->all;
	struct slice field = trace_return_path(&f->header);

	/* One that goes on behind what was read of the header stays. */
	if (field.n > 0 && field.p + field.n == all.p + all.n)
		field = SLICE("");
	f->leave_out = field;
}

static void
note_place(struct local_copy *f)
{
	int64_t bytes, wire;

	if (f->text != NULL)
		append_text_written(f->text, &bytes, &wire);
	else
		append_written(f->append, &bytes, &wire);
	record_reach(f->places, f->done, bytes, wire);
}

void
copying_begin(struct local_copy *f, struct slice header, struct record *record)
{
	f->done = 0;
	f->crc = 0;
	f->all = f->header = header;
	f->places = record_places_new(record);
	next_to_leave_out(f);
	note_place(f);
}

void
copying_end(struct local_copy *f)
{
	record_places_free(&f->places);
}

static int
write_bytes(struct local_copy *f, struct slice bytes, struct err *err)
{
	return f->text != NULL ? append_text_put(f->text, bytes, err)
			       : append_write(f->append, bytes, err);
}

int
copying_put(struct local_copy *f, struct slice piece, struct err *err)
{
	f->crc = crc32c(f->crc, piece);
	while (piece.n > 0) {
		const int64_t from =
		    f->leave_out.n > 0 ? f->leave_out.p - f->all.p : INT64_MAX;
		const bool keep = f->done < from;
		const int64_t end =
		    keep ? from : from + (int64_t)f->leave_out.n;
		const int64_t place = record_next(f->places);
		const int64_t left = (place < end ? place : end) - f->done;
		const size_t n =
		    left < (int64_t)piece.n ? (size_t)left : piece.n;

		if (keep && write_bytes(f, slice_sub(piece, 0, n), err) == -1)
			return -1;
		f->done += (int64_t)n;
		if (f->done == place)
			note_place(f);
		if (!keep && f->done == end)
			next_to_leave_out(f);
		piece = slice_from(piece, n);
	}
	return 0;
}
