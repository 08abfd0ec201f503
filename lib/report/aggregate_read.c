/* SPDX-License-Identifier: ISC */
#include <stddef.h>

#include "base/arena.h"
#include "base/cur.h"
#include "base/mem.h"
#include "report/aggregate.h"
#include "report/xml.h"

enum { RECORD_BYTES_MAX = 1 << 20, PATH_MAX_BYTES = 512 };

/* Where a text goes. */
struct field {
	const char *path;
	size_t at;
};

#define ABOUT(path, member)                                                    \
	{                                                                      \
		"feedback/" path, offsetof(struct aggregate_about, member)     \
	}
static const struct field about_fields[] = {
	ABOUT("report_metadata/org_name", organization),
	ABOUT("report_metadata/email", email),
	ABOUT("report_metadata/extra_contact_info", contact),
	ABOUT("report_metadata/report_id", id),
	ABOUT("report_metadata/error", error),
	ABOUT("report_metadata/generator", generator),
	ABOUT("policy_published/domain", domain),
	ABOUT("policy_published/p", p),
	ABOUT("policy_published/sp", sp),
	ABOUT("policy_published/np", np),
	ABOUT("policy_published/adkim", adkim),
	ABOUT("policy_published/aspf", aspf),
	ABOUT("policy_published/testing", testing),
	ABOUT("policy_published/fo", fo),
};
#undef ABOUT

#define RECORD(path, member)                                                   \
	{                                                                      \
		"feedback/record/" path,                                       \
		    offsetof(struct aggregate_record, member)                  \
	}
static const struct field record_fields[] = {
	RECORD("row/source_ip", source),
	RECORD("row/policy_evaluated/disposition", disposition),
	RECORD("row/policy_evaluated/dkim", dkim),
	RECORD("row/policy_evaluated/spf", spf),
	RECORD("row/policy_evaluated/reason/type", reason),
	RECORD("row/policy_evaluated/reason/comment", comment),
	RECORD("identifiers/header_from", header_from),
	RECORD("identifiers/envelope_from", envelope_from),
	RECORD("identifiers/envelope_to", envelope_to),
};
#undef RECORD

#define AUTH(path, member)                                                     \
	{                                                                      \
		path, offsetof(struct aggregate_auth, member)                  \
	}
static const struct field auth_fields[] = {
	AUTH("domain", domain),
	AUTH("selector", selector),
	AUTH("scope", scope),
	AUTH("result", result),
};
#undef AUTH

struct aggregate_reading {
	struct aggregate_reader *r;
	struct xml xml;
	struct buf path;           /* of the open elements: "feedback/record" */
	struct arena about, arena; /* of the report, of the record */
	struct aggregate_record record;
	struct aggregate_auth auth; /* the result that is open */
	bool counted;
	size_t records;
};

/* The first of several counts; the arena of a record does not grow with what is
 * said twice. */
static bool
take(const struct field *fields, size_t n, struct slice path, struct slice text,
    void *base, struct arena *a)
{
	for (size_t i = 0; i < n; i++) {
		struct slice *at =
		    (struct slice *)(void *)((char *)base + fields[i].at);

		if (!slice_is(path, fields[i].path))
			continue;
		if (at->n == 0)
			*at = arena_slice(a,
			    slice_sub(slice_trim(text), 0, AGGREGATE_TEXT_MAX));
		return true;
	}
	return false;
}

static bool
take_number(struct slice text, uint64_t max, uint64_t *v)
{
	struct cur c = cur_of(slice_trim(text));

	*v = cur_u64(&c, max);
	return cur_end(&c);
}

static bool
take_time(struct slice text, int64_t *v)
{
	uint64_t u;
	const bool ok = take_number(text, INT64_MAX / 2, &u);

	*v = ok ? (int64_t)u : 0;
	return ok;
}

/* The texts of a result are known by its end. */
static void
end_auth(struct aggregate_reading *in, struct slice path)
{
	struct aggregate_record *r = &in->record;

	if (slice_ends(path, SLICE("/spf"))) {
		if (r->sender.result.n == 0)
			r->sender = in->auth;
	} else if (r->nsignatures < AGGREGATE_SIGNATURES) {
		r->signatures[r->nsignatures++] = in->auth;
	}
	in->auth = (struct aggregate_auth){ 0 };
}

static int
end_record(struct aggregate_reading *in, struct err *err)
{
	if (!in->counted || in->record.source.n == 0)
		return err_set(
		    err, ERR_PERM, "a record without a source or a count");
	if (++in->records > AGGREGATE_RECORDS_MAX)
		return err_set_code(
		    err, ERR_PERM, ERR_TOO_BIG, "too many records");
	in->r->on_record(in->r, &in->record);
	arena_reset(&in->arena);
	in->record = (struct aggregate_record){ 0 };
	in->counted = false;
	return 0;
}

#define AUTH_RESULTS "feedback/record/auth_results/"

static int
on_text(struct aggregate_reading *in, struct slice path, struct slice text,
    struct err *err)
{
	static const struct slice dkim = SLICE(AUTH_RESULTS "dkim"),
				  spf = SLICE(AUTH_RESULTS "spf");
	struct aggregate_about *about = &in->r->about;

	if (slice_is(path, "feedback/record"))
		return end_record(in, err);
	if (slice_eq(path, dkim) || slice_eq(path, spf))
		end_auth(in, path);
	else if (slice_starts(path, dkim))
		(void)take(auth_fields, ARRAY_LEN(auth_fields),
		    slice_from(path, dkim.n + 1), text, &in->auth, &in->arena);
	else if (slice_starts(path, spf))
		(void)take(auth_fields, ARRAY_LEN(auth_fields),
		    slice_from(path, spf.n + 1), text, &in->auth, &in->arena);
	else if (slice_is(path, "feedback/record/row/count"))
		in->counted = take_number(text, UINT32_MAX, &in->record.count);
	else if (slice_is(path, "feedback/report_metadata/date_range/begin"))
		(void)take_time(text, &about->begin_s);
	else if (slice_is(path, "feedback/report_metadata/date_range/end"))
		(void)take_time(text, &about->end_s);
	else if (!take(record_fields, ARRAY_LEN(record_fields), path, text,
		     &in->record, &in->arena))
		(void)take(about_fields, ARRAY_LEN(about_fields), path, text,
		    about, &in->about);
	if (in->arena.used_bytes > RECORD_BYTES_MAX)
		return err_set_code(
		    err, ERR_PERM, ERR_TOO_BIG, "a record is too large");
	return 0;
}

/* A path that is too long is no field's. */
static void
enter(struct aggregate_reading *in)
{
	if (in->path.n > 0)
		buf_addc(&in->path, '/');
	buf_add(&in->path, in->xml.name);
}

static int
leave(struct aggregate_reading *in, struct err *err)
{
	if (on_text(in, buf_slice(&in->path), buf_slice(&in->xml.text), err) ==
	    -1)
		return -1;
	buf_truncate(&in->path, in->path.n - in->xml.name.n);
	if (in->path.n > 0)
		buf_truncate(&in->path, in->path.n - 1);
	return 0;
}

static int
read_all(struct aggregate_reading *in, struct err *err)
{
	for (;;) {
		switch (xml_next(&in->xml)) {
		case XML_OPEN:
			enter(in);
			if (in->path.failed)
				return err_set(err, ERR_PERM, "long names");
			if (in->xml.depth == 1 &&
			    !slice_is(in->xml.name, "feedback"))
				return err_set(
				    err, ERR_PERM, "no aggregate report");
			break;
		case XML_CLOSE:
			if (leave(in, err) == -1)
				return -1;
			break;
		case XML_END:
			return 0;
		case XML_WRONG:
			return err_set(err, ERR_PERM, "no aggregate report: %s",
			    in->xml.why);
		}
	}
}

int
aggregate_read(struct aggregate_reader *r, struct slice xml, struct err *err)
{
	struct aggregate_reading in = { .r = r,
		.path = { .max = PATH_MAX_BYTES } };
	int rc;

	r->about = (struct aggregate_about){ 0 };
	xml_init(&in.xml, xml);
	arena_init(&in.about);
	arena_init(&in.arena);
	rc = read_all(&in, err);
	if (rc == 0 && r->about.domain.n == 0)
		rc = err_set(
		    err, ERR_PERM, "no aggregate report: it has no domain");
	if (rc == 0)
		r->on_end(r);
	r->about = (struct aggregate_about){ 0 };
	arena_fini(&in.arena);
	arena_fini(&in.about);
	buf_fini(&in.path);
	xml_fini(&in.xml);
	return rc;
}
