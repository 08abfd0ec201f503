/* SPDX-License-Identifier: ISC */
#include "report/aggregate.h"

#include "report/xml.h"

static void
put(struct buf *out, const char *name, struct slice value)
{
	if (value.n == 0)
		return;
	buf_addf(out, "<%s>", name);
	xml_put(out, slice_sub(value, 0, AGGREGATE_TEXT_MAX));
	buf_addf(out, "</%s>\n", name);
}

void
aggregate_put_head(struct buf *out, const struct aggregate_about *a)
{
	buf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		      "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">\n"
		      "<version>1.0</version>\n<report_metadata>\n");
	put(out, "org_name", a->organization);
	put(out, "email", a->email);
	put(out, "extra_contact_info", a->contact);
	put(out, "report_id", a->id);
	buf_addf(out,
	    "<date_range>\n<begin>%lld</begin>\n<end>%lld</end>\n"
	    "</date_range>\n",
	    (long long)a->begin_s, (long long)a->end_s);
	put(out, "error", a->error);
	put(out, "generator", a->generator);
	buf_adds(out, "</report_metadata>\n<policy_published>\n");
	put(out, "domain", a->domain);
	put(out, "p", a->p);
	put(out, "sp", a->sp);
	put(out, "np", a->np);
	put(out, "adkim", a->adkim);
	put(out, "aspf", a->aspf);
	buf_adds(out, "<discovery_method>treewalk</discovery_method>\n");
	put(out, "fo", a->fo);
	put(out, "testing", a->testing);
	buf_adds(out, "</policy_published>\n");
}

static void
put_row(struct buf *out, const struct aggregate_record *r, size_t *count_at)
{
	buf_adds(out, "<record>\n<row>\n");
	put(out, "source_ip", r->source);
	buf_adds(out, "<count>");
	*count_at = out->n;
	buf_adds(out, "</count>\n<policy_evaluated>\n");
	put(out, "disposition", r->disposition);
	put(out, "dkim", r->dkim);
	put(out, "spf", r->spf);
	if (r->reason.n > 0) {
		buf_adds(out, "<reason>\n");
		put(out, "type", r->reason);
		put(out, "comment", r->comment);
		buf_adds(out, "</reason>\n");
	}
	buf_adds(out, "</policy_evaluated>\n</row>\n");
}

static void
put_auth(struct buf *out, const char *name, const struct aggregate_auth *a)
{
	buf_addf(out, "<%s>\n", name);
	put(out, "domain", a->domain);
	put(out, "selector", a->selector);
	put(out, "scope", a->scope);
	put(out, "result", a->result);
	buf_addf(out, "</%s>\n", name);
}

void
aggregate_put_record(
    struct buf *out, const struct aggregate_record *r, size_t *count_at)
{
	put_row(out, r, count_at);
	buf_adds(out, "<identifiers>\n");
	put(out, "envelope_to", r->envelope_to);
	put(out, "envelope_from", r->envelope_from);
	put(out, "header_from", r->header_from);
	buf_adds(out, "</identifiers>\n<auth_results>\n");
	for (size_t i = 0; i < r->nsignatures; i++)
		put_auth(out, "dkim", &r->signatures[i]);
	if (r->sender.result.n > 0)
		put_auth(out, "spf", &r->sender);
	buf_adds(out, "</auth_results>\n</record>\n");
}

void
aggregate_put_foot(struct buf *out)
{
	buf_adds(out, "</feedback>\n");
}
