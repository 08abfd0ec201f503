/* SPDX-License-Identifier: ISC */
/* The content of a part is the same whole and in pieces, whatever it holds; its
 * size is what is written. */
#include "mailread/binary.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_part(int fd, const struct mime_span *span, enum transfer_encoding encoding,
    uint64_t off, uint64_t len, struct binary_place **place, struct buf *out)
{
	struct binary_part b;
	uint64_t counted;
	size_t before = out->n;

	binary_begin(&b, fd, span, encoding, off, len);
	binary_place_use(*place, 1, &b);
	while (!b.counted)
		must(binary_count(&b, NULL) == 0);
	counted = b.left;
	while (b.left > 0)
		must(binary_write(&b, out, NULL) == 0);
	must(out->n - before == counted);
	must(b.nul == (slice_find(slice_from(buf_slice(out), before), '\0') <
			  out->n - before));
	binary_place_save(place, 1, &b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mime_span span = { 0 };
	struct binary_place *none = NULL, *place = NULL;
	enum transfer_encoding encoding;
	struct buf whole, pieces;
	uint64_t step;
	int fd;

	if (size < 2)
		return 0;
	encoding = (enum transfer_encoding)(data[0] % 3);
	step = data[1] + 1U;
	data += 2;
	size -= 2;
	span.bytes = span.crlf_bytes = size;
	for (size_t i = 0; i < size; i++)
		if (data[i] == '\n' && (i == 0 || data[i - 1] != '\r'))
			span.crlf_bytes++;
	fd = memfd_create("part", 0);
	must(fd != -1 && write(fd, data, size) == (ssize_t)size);
	buf_init(&whole, 4 * size + 100);
	buf_init(&pieces, 4 * size + 100);
	read_part(fd, &span, encoding, 0, UINT64_MAX, &none, &whole);
	for (uint64_t off = 0; off < whole.n; off += step)
		read_part(fd, &span, encoding, off, step, &place, &pieces);
	must(slice_eq(buf_slice(&whole), buf_slice(&pieces)));
	buf_fini(&whole);
	buf_fini(&pieces);
	binary_place_free(&none);
	binary_place_free(&place);
	close(fd);
	return 0;
}
