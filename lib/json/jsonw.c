/* SPDX-License-Identifier: ISC */
#include "json/jsonw.h"

#include "base/json.h"

void
jsonw_begin(struct jsonw *w, struct buf *out)
{
	*w = (struct jsonw){ .out = out };
}

static void
before(struct jsonw *w)
{
	if (w->comma)
		buf_addc(w->out, ',');
	w->comma = true;
}

void
jsonw_open(struct jsonw *w, char bracket)
{
	before(w);
	buf_addc(w->out, bracket);
	w->comma = false;
}

void
jsonw_close(struct jsonw *w, char bracket)
{
	buf_addc(w->out, bracket);
	w->comma = true;
}

void
jsonw_key(struct jsonw *w, struct slice name)
{
	jsonw_string(w, name);
	buf_addc(w->out, ':');
	w->comma = false;
}

void
jsonw_name(struct jsonw *w, const char *name)
{
	jsonw_key(w, slice_str(name));
}

void
jsonw_string(struct jsonw *w, struct slice s)
{
	before(w);
	json_put(w->out, s);
}

void
jsonw_int(struct jsonw *w, int64_t n)
{
	before(w);
	buf_addf(w->out, "%lld", (long long)n);
}

void
jsonw_uint(struct jsonw *w, uint64_t n)
{
	before(w);
	buf_addu(w->out, n);
}

void
jsonw_bool(struct jsonw *w, bool b)
{
	before(w);
	buf_adds(w->out, b ? "true" : "false");
}

void
jsonw_null(struct jsonw *w)
{
	before(w);
	buf_adds(w->out, "null");
}

void
jsonw_raw(struct jsonw *w, struct slice text)
{
	before(w);
	buf_add(w->out, text);
}
