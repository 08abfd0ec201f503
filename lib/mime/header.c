/* SPDX-License-Identifier: ISC */
#include "mime/header.h"

#include "base/cur.h"

/* The first line of S with its LF; all of S when it has none. */
static struct slice
first_line(struct slice s)
{
	const size_t at = slice_find(s, '\n');

	return slice_sub(s, 0, at < s.n ? at + 1 : s.n);
}

static bool
is_blank_line(struct slice line)
{
	return slice_eq(line, SLICE("\n")) || slice_eq(line, SLICE("\r\n"));
}

static bool
is_continuation(struct slice s)
{
	return s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t');
}

static bool
is_name_byte(char c)
{
	return c > ' ' && c <= '~' && c != ':';
}

/* Blanks between name and colon are obsolete syntax (RFC 5322 4.5). */
struct slice
header_name(struct slice line)
{
	struct cur c = cur_of(line);
	const struct slice name = cur_while(&c, is_name_byte);

	cur_skip_blank(&c);
	return cur_peek(&c) == ':' ? name : (struct slice){ NULL, 0 };
}

bool
header_next(struct slice *head, struct header_field *f)
{
	while (head->n > 0) {
		const struct slice line = first_line(*head);
		const struct slice name = header_name(line);
		size_t n = line.n;

		if (is_blank_line(line)) {
			*head = slice_from(*head, line.n);
			return false;
		}
		while (is_continuation(slice_from(*head, n)))
			n += first_line(slice_from(*head, n)).n;
		f->name = name;
		f->raw = slice_sub(*head, 0, n);
		f->value = slice_chomp(
		    slice_from(f->raw, slice_find(f->raw, ':') + 1));
		*head = slice_from(*head, n);
		if (name.n > 0)
			return true;
	}
	return false;
}

bool
header_find(struct slice head, const char *name, struct header_field *f)
{
	while (header_next(&head, f))
		if (slice_iis(f->name, name))
			return true;
	return false;
}

size_t
header_length(struct slice message)
{
	size_t n = 0;

	while (n < message.n) {
		const struct slice line = first_line(slice_from(message, n));

		n += line.n;
		if (is_blank_line(line))
			break;
	}
	return n;
}

void
header_unfold(struct buf *out, struct slice value)
{
	value = slice_trim(value);
	while (value.n > 0) {
		size_t n = 0;

		while (n < value.n && value.p[n] != '\r' && value.p[n] != '\n')
			n++;
		buf_add(out, slice_sub(value, 0, n));
		if (n < value.n && value.p[n] == '\r' &&
		    (n + 1 == value.n || value.p[n + 1] != '\n'))
			buf_addc(out, ' ');
		value = slice_from(value, n + 1);
	}
}
