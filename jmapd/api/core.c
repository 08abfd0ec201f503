/* SPDX-License-Identifier: ISC */
#include "jmapd/api/core.h"

#include "base/buf.h"

static int
put(const char *bytes, size_t n, void *arg)
{
	struct buf *out = arg;

	buf_add(out, slice_of(bytes, n));
	return out->failed ? -1 : 0;
}

static enum call_step
run(struct jmapd_call *c)
{
	jsonw_raw(c->w, SLICE("")); /* the comma */
	(void)json_dump_callback(
	    c->args, put, c->w->out, JSON_COMPACT | JSON_ENCODE_ANY);
	return CALL_DONE;
}

const struct call_method core_echo = {
	.name = "Core/echo",
	.capability = CAPABILITY_CORE,
	.run = run,
};
