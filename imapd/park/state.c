/* SPDX-License-Identifier: ISC */
/* Numbers in decimal with a blank behind each; bytes behind their number. */
#include "imapd/park/state.h"

#include "base/cur.h"

static const char version[] = "1 ";

static void
put_number(struct buf *out, uint64_t n)
{
	buf_addf(out, "%llu ", (unsigned long long)n);
}

static void
put_bytes(struct buf *out, struct slice s)
{
	put_number(out, s.n);
	buf_add(out, s);
}

void
park_state_put(const struct park_state *p, struct buf *out)
{
	buf_adds(out, version);
	put_bytes(out, p->tag);
	put_bytes(out, p->address);
	put_number(out, p->returns);
	put_number(out, p->enabled);
	put_number(out, p->commands);
	put_bytes(out, p->name);
	put_bytes(out, p->id);
	put_number(out, p->readonly);
	put_number(out, p->keywords);
	put_bytes(out, p->view);
	put_bytes(out, p->deflate);
}

static uint64_t
get_number(struct cur *c, uint64_t max)
{
	const uint64_t n = cur_u64(c, max);

	cur_lit(c, " ");
	return n;
}

static struct slice
get_bytes(struct cur *c)
{
	return cur_take(c, (size_t)get_number(c, UINT32_MAX));
}

bool
park_state_get(struct slice bytes, struct park_state *p)
{
	struct cur c = cur_of(bytes);

	cur_lit(&c, version);
	p->tag = get_bytes(&c);
	p->address = get_bytes(&c);
	p->returns = get_number(&c, 1) == 1;
	p->enabled = (unsigned)get_number(&c, UINT32_MAX);
	p->commands = get_number(&c, UINT64_MAX);
	p->name = get_bytes(&c);
	p->id = get_bytes(&c);
	p->readonly = get_number(&c, 1) == 1;
	p->keywords = get_number(&c, UINT64_MAX);
	p->view = get_bytes(&c);
	p->deflate = get_bytes(&c);
	return cur_end(&c);
}
