/* SPDX-License-Identifier: ISC */
#include "http/body.h"

#include "base/ascii.h"
#include "base/hex.h"
#include "http/request.h"

enum {
	LINE_MAX_BYTES = 1024,
	TRAILER_MAX = 8192,
	SIZE_DIGITS = 15, /* no sum of such sizes is beyond 64 bits */
};

void
http_body_init(struct http_body *b, const struct http_request *r)
{
	*b = (struct http_body){ .left = r->length };
	if (r->chunked)
		b->state = HTTP_BODY_SIZE;
	else
		b->state = r->length > 0 ? HTTP_BODY_LENGTH : HTTP_BODY_DONE;
}

/* The next line of IN without its CRLF; how many bytes it has with it.  0: it
 * is not whole yet, or not one. */
static size_t
take_line(struct http_body *b, struct slice in, struct slice *line)
{
	const size_t nl = slice_find(slice_sub(in, 0, LINE_MAX_BYTES), '\n');

	*line = slice_sub(in, 0, nl);
	if (nl == in.n && in.n < LINE_MAX_BYTES)
		return 0;
	if (nl == 0 || nl >= LINE_MAX_BYTES || in.p[nl - 1] != '\r') {
		b->state = HTTP_BODY_BROKEN;
		return 0;
	}
	line->n--;
	return nl + 1;
}

/* RFC 9112 7.1: digits, then extensions, which mean nothing here. */
static bool
read_size(struct slice line, uint64_t *size)
{
	size_t i = 0;

	for (*size = 0; i < line.n && hex_digit(line.p[i]) >= 0; i++)
		*size = *size << 4 | (unsigned)hex_digit(line.p[i]);
	if (i == 0 || i > SIZE_DIGITS)
		return false;
	while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	if (i < line.n && line.p[i] != ';')
		return false;
	for (; i < line.n; i++)
		if (!ascii_isprint(line.p[i]) && line.p[i] != '\t' &&
		    (unsigned char)line.p[i] < 0x80)
			return false;
	return true;
}

static size_t
take_size(struct http_body *b, struct slice in)
{
	struct slice line;
	const size_t n = take_line(b, in, &line);

	if (n == 0)
		return 0;
	if (!read_size(line, &b->left))
		b->state = HTTP_BODY_BROKEN;
	else
		b->state = b->left > 0 ? HTTP_BODY_CHUNK : HTTP_BODY_TRAILER;
	return n;
}

static size_t
take_bytes(struct http_body *b, struct slice in, struct slice *data)
{
	const bool chunk = b->state == HTTP_BODY_CHUNK;

	*data = slice_sub(in, 0, b->left < in.n ? (size_t)b->left : in.n);
	b->left -= data->n;
	if (b->left == 0)
		b->state = chunk ? HTTP_BODY_CRLF : HTTP_BODY_DONE;
	return data->n;
}

static size_t
take_crlf(struct http_body *b, struct slice in)
{
	if (!slice_starts(SLICE("\r\n"), slice_sub(in, 0, 2))) {
		b->state = HTTP_BODY_BROKEN;
		return 0;
	}
	if (in.n < 2)
		return 0;
	b->state = HTTP_BODY_SIZE;
	return 2;
}

static size_t
take_trailer(struct http_body *b, struct slice in)
{
	struct http_field ignored;
	struct slice line;
	const size_t n = take_line(b, in, &line);

	b->trailer += n;
	if (n == 0)
		return 0;
	if (line.n == 0)
		b->state = HTTP_BODY_DONE;
	else if (b->trailer > TRAILER_MAX || !http_field_parse(line, &ignored))
		b->state = HTTP_BODY_BROKEN;
	return n;
}

size_t
http_body_take(struct http_body *b, struct slice in, struct slice *data)
{
	*data = SLICE("");
	switch (b->state) {
	case HTTP_BODY_LENGTH:
	case HTTP_BODY_CHUNK:
		return take_bytes(b, in, data);
	case HTTP_BODY_SIZE:
		return take_size(b, in);
	case HTTP_BODY_CRLF:
		return take_crlf(b, in);
	case HTTP_BODY_TRAILER:
		return take_trailer(b, in);
	case HTTP_BODY_DONE:
	case HTTP_BODY_BROKEN:
		break;
	}
	return 0;
}
