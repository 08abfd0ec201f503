/* SPDX-License-Identifier: ISC */
#include "report/tlsread.h"

#include <stdlib.h>

#include "base/cur.h"
#include "base/mem.h"
#include "report/jsonread.h"

/* Where a text goes. */
struct tlsread_field {
	const char *path;
	size_t at;
};

#define REPORT(path, member)                                                   \
	{                                                                      \
		path, offsetof(struct tlsread, member)                         \
	}
#define ROW(path, member)                                                      \
	{                                                                      \
		path, offsetof(struct tlsread_row, member)                     \
	}
#define POLICIES "/policies//"
#define DETAILS  POLICIES "failure-details//"

static const struct tlsread_field report_fields[] = {
	REPORT("/organization-name", organization),
	REPORT("/contact-info", contact),
	REPORT("/report-id", id),
	REPORT("/date-range/start-datetime", begin),
	REPORT("/date-range/end-datetime", end),
};

static const struct tlsread_field policy_fields[] = {
	ROW(POLICIES "policy/policy-type", policy),
	ROW(POLICIES "policy/policy-domain", domain),
};

static const struct tlsread_field detail_fields[] = {
	ROW(DETAILS "result-type", result),
	ROW(DETAILS "sending-mta-ip", sending_ip),
	ROW(DETAILS "receiving-mx-hostname", host),
	ROW(DETAILS "receiving-ip", host_ip),
	ROW(DETAILS "failure-reason-code", reason),
};

struct tlsread_reading {
	struct tlsread *r;
	struct jsonread json;
	struct tlsread_row policy, detail;
	size_t first; /* row of the policy */
	size_t cap;
	uint64_t good;
};

/* The first of several counts. */
static bool
take(const struct tlsread_field *fields, size_t n,
    const struct tlsread_reading *in, void *base)
{
	const struct slice path = buf_slice(&in->json.path);

	for (size_t i = 0; i < n; i++) {
		struct slice *at =
		    (struct slice *)(void *)((char *)base + fields[i].at);

		if (!slice_is(path, fields[i].path))
			continue;
		if (at->n == 0)
			*at = arena_slice(
			    &in->r->arena, slice_sub(buf_slice(&in->json.text),
					       0, TLSREAD_TEXT_MAX));
		return true;
	}
	return false;
}

static uint64_t
number(const struct tlsread_reading *in)
{
	struct cur c = cur_of(buf_slice(&in->json.text));
	const uint64_t n = cur_u64(&c, UINT32_MAX);

	return cur_end(&c) ? n : 0;
}

static int
add_row(
    struct tlsread_reading *in, const struct tlsread_row *row, struct err *err)
{
	struct tlsread *r = in->r;

	if (r->n == TLSREAD_ROWS_MAX)
		return err_set_code(
		    err, ERR_PERM, ERR_TOO_BIG, "too many failures");
	if (r->n == in->cap) {
		in->cap = in->cap > 0 ? in->cap * 2 : 16;
		r->rows = xreallocarray(r->rows, in->cap, sizeof *r->rows);
	}
	r->rows[r->n++] = *row;
	return 0;
}

static int
end_detail(struct tlsread_reading *in, struct err *err)
{
	const struct tlsread_row row = in->detail;

	in->detail = (struct tlsread_row){ 0 };
	if (row.result.n == 0 || row.sessions == 0)
		return err_set(err, ERR_PERM,
		    "no TLS report: a failure without a result or a count");
	return add_row(in, &row, err);
}

/* What the policy is, is known by its end. */
static int
end_policy(struct tlsread_reading *in, struct err *err)
{
	struct tlsread *r = in->r;
	struct tlsread_row good = { .result = SLICE("successful"),
		.sessions = in->good };

	if (in->policy.domain.n == 0)
		return err_set(
		    err, ERR_PERM, "no TLS report: a policy without a domain");
	if (in->good > 0 && add_row(in, &good, err) == -1)
		return -1;
	for (size_t i = in->first; i < r->n; i++) {
		r->rows[i].policy = in->policy.policy;
		r->rows[i].domain = in->policy.domain;
	}
	in->first = r->n;
	in->policy = (struct tlsread_row){ 0 };
	in->good = 0;
	return 0;
}

static int
on_close(struct tlsread_reading *in, struct err *err)
{
	const struct slice path = buf_slice(&in->json.path);

	if (slice_is(path, "/policies//failure-details/"))
		return end_detail(in, err);
	if (slice_is(path, "/policies/"))
		return end_policy(in, err);
	return 0;
}

static void
on_text(struct tlsread_reading *in)
{
	if (!take(report_fields, ARRAY_LEN(report_fields), in, in->r) &&
	    !take(policy_fields, ARRAY_LEN(policy_fields), in, &in->policy))
		(void)take(
		    detail_fields, ARRAY_LEN(detail_fields), in, &in->detail);
}

static void
on_number(struct tlsread_reading *in)
{
	const struct slice path = buf_slice(&in->json.path);

	if (slice_is(path, DETAILS "failed-session-count"))
		in->detail.sessions = number(in);
	else if (slice_is(
		     path, POLICIES "summary/total-successful-session-count"))
		in->good = number(in);
}

static int
read_all(struct tlsread_reading *in, struct err *err)
{
	bool object = false;

	for (;;) {
		switch (jsonread_next(&in->json)) {
		case JSONREAD_OPEN:
			object |=
			    in->json.depth == 1 && in->json.open[0].object;
			break;
		case JSONREAD_CLOSE:
			if (on_close(in, err) == -1)
				return -1;
			break;
		case JSONREAD_STRING:
			on_text(in);
			break;
		case JSONREAD_NUMBER:
			on_number(in);
			break;
		case JSONREAD_WORD:
			break;
		case JSONREAD_END:
			return object ? 0
				      : err_set(err, ERR_PERM, "no TLS report");
		case JSONREAD_WRONG:
			return err_set(
			    err, ERR_PERM, "no TLS report: %s", in->json.why);
		}
	}
}

int
tlsread(struct tlsread *r, struct slice json, struct err *err)
{
	struct tlsread_reading in = { .r = r };
	int rc;

	*r = (struct tlsread){ .rows = NULL };
	arena_init(&r->arena);
	jsonread_init(&in.json, json);
	rc = read_all(&in, err);
	if (rc == 0 && (r->id.n == 0 || r->organization.n == 0))
		rc = err_set(err, ERR_PERM,
		    "no TLS report: it has no id, or no organization");
	jsonread_fini(&in.json);
	if (rc == -1)
		tlsread_fini(r);
	return rc;
}

void
tlsread_fini(struct tlsread *r)
{
	arena_fini(&r->arena);
	free(r->rows);
	*r = (struct tlsread){ .rows = NULL };
}
