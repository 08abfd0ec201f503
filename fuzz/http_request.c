/* SPDX-License-Identifier: ISC */
/* Requests of HTTP/1.1, one behind another: however the bytes are cut into
 * pieces they read the same, what is content is as long as was said, and no
 * path leads elsewhere. */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/must.h"
#include "http/body.h"
#include "http/path.h"
#include "http/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX = 1024 };

static void
in_pieces(struct slice in, enum http_need need, size_t len, unsigned status)
{
	enum http_need piece = HTTP_MORE;
	struct http_request r;
	unsigned other = 0;
	size_t n = 0;

	for (size_t i = 0; i <= in.n && piece == HTTP_MORE; i++)
		piece = http_request_parse(
		    slice_sub(in, 0, i), MAX, &r, &n, &other);
	must(piece == need);
	must(need != HTTP_WHOLE || n == len);
	must(need != HTTP_REFUSED || other == status);
}

static void
look_at(const struct http_request *r)
{
	struct buf path;

	buf_init(&path, 2 * MAX);
	must(r->path.n > 0);
	if (http_path_decode(r->path, &path)) {
		const struct slice s = buf_slice(&path);

		must(s.n > 0 && s.p[0] == '/');
		must(slice_search(s, SLICE("/..")) == s.n);
		must(slice_search(s, SLICE("//")) == s.n);
		must(slice_find(s, '\0') == s.n);
	}
	(void)http_request_field(r, "Cookie");
	must(!(r->chunked && r->length > 0));
	buf_fini(&path);
}

/* How many bytes its content has. */
static size_t
content(const struct http_request *r, struct slice in, bool *whole)
{
	struct http_body b, slow;
	struct slice data;
	size_t used = 0, n, taken = 0, i = 0;
	uint64_t sum = 0, slow_sum = 0;

	http_body_init(&b, r);
	while ((n = http_body_take(&b, slice_from(in, used), &data)) > 0) {
		used += n;
		sum += data.n;
	}
	must(used <= in.n);
	http_body_init(&slow, r);
	for (i = 0; i <= in.n; i++)
		while (
		    (n = http_body_take(&slow,
			 slice_from(slice_sub(in, 0, i), taken), &data)) > 0) {
			taken += n;
			slow_sum += data.n;
		}
	must(slow.state == b.state && slow_sum == sum && taken == used);
	*whole = b.state == HTTP_BODY_DONE;
	must(!*whole || r->chunked || sum == r->length);
	return used;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size < 2000 ? size : 2000);
	bool whole = true;

	while (whole && in.n > 0) {
		struct http_request r;
		unsigned status = 0;
		size_t len = 0;
		const enum http_need need =
		    http_request_parse(in, MAX, &r, &len, &status);

		in_pieces(in, need, len, status);
		if (need != HTTP_WHOLE)
			break;
		must(len <= MAX && len <= in.n);
		look_at(&r);
		in = slice_from(in, len);
		in = slice_from(in, content(&r, in, &whole));
	}
	return 0;
}
