/* SPDX-License-Identifier: ISC */
/* header, exists, size, string (RFC 5228 5, RFC 5229 5; :mime of RFC 5703). */
#include "base/buf.h"
#include "base/mem.h"
#include "mime/param.h"
#include "sieve/exec.h"
#include "sieve/match.h"
#include "sieve/parts.h"
#include "sieve/words.h"

struct header_test {
	struct sieve_selected selected;
	struct sieve_exec *x;
	const struct sieve_call *call;
	struct sieve_match match;
	struct sieve_fields *fields;
	struct slice *params; /* of :param */
	size_t nparams;
};

static int
match_params(struct header_test *t, const struct param *params)
{
	for (size_t i = 0; i < t->nparams; i++) {
		char name[64];
		struct buf b;
		int rc = 0;

		buf_init(&b, 64 << 10);
		if (slice_copy(t->params[i], name, sizeof name) &&
		    param_text(params, name, &b))
			rc = sieve_match_value(t->x, &t->match,
			    arena_slice(&t->x->tmp, buf_slice(&b)));
		buf_fini(&b);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* :type and the others, of Content-Type or Content-Disposition. */
static int
match_structured(struct header_test *t, struct sieve_field *f)
{
	struct sieve_exec *const x = t->x;
	struct slice type = SLICE("");
	struct slice subtype = SLICE("");
	struct param *params = NULL;
	struct slice value;

	if (!slice_iis(f->name, "content-type")) {
		param_disposition(&x->tmp, f->value, &type, &params);
	} else if (!param_content_type(
		       &x->tmp, f->value, &type, &subtype, &params)) {
		return 0;
	}
	if (sieve_call_has(t->call, SIEVE_TAG_PARAM))
		return match_params(t, params);
	if (sieve_call_has(t->call, SIEVE_TAG_TYPE)) {
		value = type;
	} else if (sieve_call_has(t->call, SIEVE_TAG_SUBTYPE)) {
		value = subtype;
	} else {
		struct buf b;

		buf_init(&b, type.n + subtype.n + 2);
		buf_add(&b, type);
		if (subtype.n > 0)
			buf_addc(&b, '/');
		buf_add(&b, subtype);
		value = arena_slice(&x->tmp, buf_slice(&b));
		buf_fini(&b);
	}
	return type.n > 0 ? sieve_match_value(x, &t->match, value) : 0;
}

static bool
is_structured(const struct sieve_call *c)
{
	return sieve_call_has(c, SIEVE_TAG_TYPE) ||
	       sieve_call_has(c, SIEVE_TAG_SUBTYPE) ||
	       sieve_call_has(c, SIEVE_TAG_CONTENTTYPE) ||
	       sieve_call_has(c, SIEVE_TAG_PARAM);
}

static int
on_field(struct sieve_selected *s, size_t i)
{
	struct header_test *t = OUTER(s, struct header_test, selected);
	struct sieve_field *f = &t->fields->list[i];
	struct arena *a = t->fields == &t->x->message->fields
			      ? &t->x->message->arena
			      : &t->x->tmp;

	if (is_structured(t->call))
		return match_structured(t, f);
	if (sieve_exec_spend(t->x, 1 + f->value.n / 64) == -1)
		return -1;
	return sieve_match_value(t->x, &t->match, sieve_message_text(a, f));
}

int
sieve_do_header(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct header_test t = { .selected = { on_field }, .x = x, .call = c };
	const struct sieve_operand *params = sieve_call_tag(c, SIEVE_TAG_PARAM);
	struct sieve_fields **lists;
	struct slice *names;
	size_t nlists, nnames;
	int rc = 0;

	if (sieve_match_init(x, &t.match, c, &c->args[1]) == -1 ||
	    sieve_exec_strings(x, &c->args[0], &names, &nnames) == -1 ||
	    (params != NULL &&
		sieve_exec_strings(x, params, &t.params, &t.nparams) == -1) ||
	    sieve_parts_headers(x, c, &lists, &nlists) == -1)
		return -1;
	for (size_t l = 0; l < nlists && rc == 0; l++) {
		t.fields = lists[l];
		for (size_t i = 0; i < nnames && rc == 0; i++)
			rc = sieve_parts_select(c, t.fields, names[i],
			    SIEVE_TAG_INDEX, SIEVE_TAG_LAST, &t.selected);
	}
	return rc == -1 ? -1 : sieve_match_end(x, &t.match, result);
}

static bool
has_field(const struct sieve_fields *f, struct slice name)
{
	for (size_t i = 0; i < f->n; i++)
		if (slice_ieq(f->list[i].name, name))
			return true;
	return false;
}

int
sieve_do_exists(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct sieve_fields **lists;
	struct slice *names;
	size_t nlists, nnames;

	if (sieve_exec_strings(x, &c->args[0], &names, &nnames) == -1 ||
	    sieve_parts_headers(x, c, &lists, &nlists) == -1)
		return -1;
	*result = true;
	for (size_t i = 0; i < nnames && *result; i++) {
		bool found = false;

		for (size_t l = 0; l < nlists && !found; l++)
			found = has_field(lists[l], names[i]);
		sieve_exec_trace(x, "  %.*s %s", SLICE_FMT(names[i]),
		    found ? "exists" : "does not exist");
		*result = found;
	}
	return 0;
}

int
sieve_do_size(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	const uint64_t size = sieve_message_size(x->message);
	const uint64_t limit = sieve_exec_number(&c->args[0]);
	const bool over = sieve_call_has(c, SIEVE_TAG_OVER);

	*result = over ? size > limit : size < limit;
	sieve_exec_trace(x, "  %llu bytes %s %llu: %s",
	    (unsigned long long)size, over ? "over" : "under",
	    (unsigned long long)limit, *result ? "yes" : "no");
	return sieve_exec_spend(x, 1 + x->message->raw.n / 1024);
}

/* An empty string counts for nothing (RFC 5229 5). */
int
sieve_do_string(struct sieve_exec *x, const struct sieve_call *c, bool *result)
{
	struct sieve_match m;
	struct slice *values;
	size_t n;

	if (sieve_match_init(x, &m, c, &c->args[1]) == -1 ||
	    sieve_exec_strings(x, &c->args[0], &values, &n) == -1)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int rc;

		if (m.type == SIEVE_MATCH_COUNT && values[i].n == 0)
			continue;
		rc = sieve_match_value(x, &m, values[i]);
		if (rc == -1)
			return -1;
		if (rc == 1)
			break;
	}
	return sieve_match_end(x, &m, result);
}
