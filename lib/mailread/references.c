/* SPDX-License-Identifier: ISC */
#include "mailread/references.h"

#include "base/buf.h"
#include "base/mem.h"
#include "mailread/mailread.h"
#include "mime/fields.h"
#include "mime/header.h"
#include "mime/record.h"
#include "sys/fd.h"

/* Most headers fit into the first; of a longer one the second counts. */
enum { FIRST_BYTES = 8 << 10, HEADER_MAX = 256 << 10 };

/* The first N bytes.  1: the header may go on behind them. */
static int
read_header(struct mailread *m, size_t n, struct buf *out, struct err *err)
{
	const size_t size = m->info.size > 0 ? (size_t)m->info.size : 0;
	struct header_field f;
	struct slice head;
	char *text;
	int rc = 0;

	n = n < size ? n : size;
	text = xmalloc(n + 1);
	if (fd_pread_all(m->fd, text, n, 0, err) == -1) {
		xfree(&text);
		return -1;
	}
	head = slice_of(text, n);
	if (header_length(head) == n && n < size && n < HEADER_MAX)
		rc = 1;
	else if (header_find(head, "References", &f))
		buf_add(out, f.value);
	xfree(&text);
	return rc;
}

/* What the record says. */
static bool
take_kept(const struct mailread *m, struct buf *out)
{
	struct slice fields, value;

	if (!mime_record_header(mailread_kept(m), &fields) ||
	    !mime_fields_first(
		fields, mime_fields_id(SLICE("References")), &value))
		return false;
	buf_add(out, value);
	return true;
}

enum found
mailread_references(struct mailread *m, struct buf *out, struct err *err)
{
	enum found found;
	int rc;

	buf_reset(out);
	if (take_kept(m, out))
		return FOUND;
	found = mailread_open(m, err);
	if (found != FOUND)
		return found;
	rc = read_header(m, FIRST_BYTES, out, err);
	if (rc == 1)
		rc = read_header(m, HEADER_MAX, out, err);
	return rc == -1 ? TEMPFAIL : FOUND;
}
