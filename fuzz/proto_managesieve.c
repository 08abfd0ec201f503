/* SPDX-License-Identifier: ISC */
/* A command of ManageSieve however it is cut into pieces reads the same, its
 * arguments stay inside it, and what is written as a string is read as it was.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/must.h"
#include "proto/managesieve.h"
#include "proto/managesieve_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX = 256 };

static enum managesieve_need
pieces(struct slice in, size_t *len)
{
	struct managesieve_frame f = { 0 };
	enum managesieve_need need = MANAGESIEVE_MORE;
	uint64_t n_literal;

	for (size_t n = 0; n <= in.n && need == MANAGESIEVE_MORE; n++)
		need = managesieve_frame(
		    &f, slice_sub(in, 0, n), MAX, len, &n_literal);
	return need;
}

static void
read_arguments(struct slice text)
{
	struct cur c = cur_of(text);
	struct buf out;

	buf_init(&out, 100);
	(void)managesieve_atom(&c);
	while (cur_ok(&c) && cur_peek(&c) == ' ')
		managesieve_string(&c, &out);
	managesieve_end(&c);
	must(out.n <= 100);
	buf_fini(&out);
}

/* The server's literals are told from a client's by the plus. */
static void
write_and_read(struct slice s)
{
	struct buf out, back;
	struct cur c;

	buf_init(&out, 4096);
	buf_init(&back, 2048);
	managesieve_put_string(&out, s);
	c = cur_of(buf_slice(&out));
	if (out.p[0] == '"') {
		managesieve_bare_string(&c, &back);
		must(cur_end(&c) && slice_eq(buf_slice(&back), s));
	} else {
		must(slice_ends(buf_slice(&out), s));
	}
	buf_fini(&out);
	buf_fini(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice in = slice_of(data, size < 1000 ? size : 1000);
	struct managesieve_frame f = { 0 };
	uint64_t literal = 0;
	size_t a = 0, b = 0;
	const enum managesieve_need need =
	    managesieve_frame(&f, in, MAX, &a, &literal);

	if (need == MANAGESIEVE_WHOLE || need == MANAGESIEVE_LITERAL) {
		must(a <= in.n && a <= MAX);
		must(pieces(in, &b) == need && a == b);
		read_arguments(slice_sub(in, 0, a));
	}
	write_and_read(in);
	return 0;
}
