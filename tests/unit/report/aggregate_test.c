/* SPDX-License-Identifier: ISC */
#include "report/aggregate.h"

#include "tests/unit.h"

#include <string.h>

#include "base/mem.h"

/* What was read, as lines. */
struct reading {
	struct aggregate_reader r;
	struct buf says;
};

static void
on_record(struct aggregate_reader *r, const struct aggregate_record *rec)
{
	struct reading *in = OUTER(r, struct reading, r);

	buf_addf(&in->says, "%.*s %llu %.*s %.*s %.*s", SLICE_FMT(rec->source),
	    (unsigned long long)rec->count, SLICE_FMT(rec->disposition),
	    SLICE_FMT(rec->dkim), SLICE_FMT(rec->spf));
	if (rec->reason.n > 0)
		buf_addf(&in->says, " (%.*s: %.*s)", SLICE_FMT(rec->reason),
		    SLICE_FMT(rec->comment));
	buf_addf(&in->says, " %.*s/%.*s", SLICE_FMT(rec->header_from),
	    SLICE_FMT(rec->envelope_from));
	for (size_t i = 0; i < rec->nsignatures; i++)
		buf_addf(&in->says, " dkim=%.*s:%.*s=%.*s",
		    SLICE_FMT(rec->signatures[i].domain),
		    SLICE_FMT(rec->signatures[i].selector),
		    SLICE_FMT(rec->signatures[i].result));
	buf_addf(&in->says, " spf=%.*s:%.*s=%.*s\n",
	    SLICE_FMT(rec->sender.scope), SLICE_FMT(rec->sender.domain),
	    SLICE_FMT(rec->sender.result));
}

static void
on_end(struct aggregate_reader *r)
{
	struct reading *in = OUTER(r, struct reading, r);

	buf_addf(&in->says,
	    "%.*s %.*s %.*s %lld-%lld %.*s p=%.*s sp=%.*s "
	    "np=%.*s adkim=%.*s aspf=%.*s t=%.*s fo=%.*s "
	    "%.*s\n",
	    SLICE_FMT(r->about.organization), SLICE_FMT(r->about.email),
	    SLICE_FMT(r->about.id), (long long)r->about.begin_s,
	    (long long)r->about.end_s, SLICE_FMT(r->about.domain),
	    SLICE_FMT(r->about.p), SLICE_FMT(r->about.sp),
	    SLICE_FMT(r->about.np), SLICE_FMT(r->about.adkim),
	    SLICE_FMT(r->about.aspf), SLICE_FMT(r->about.testing),
	    SLICE_FMT(r->about.fo), SLICE_FMT(r->about.error));
}

static int
read_text(struct slice text, struct buf *says, struct err *err)
{
	struct reading in = { .r = { .on_record = on_record, .on_end = on_end },
		.says = { .max = 100000 } };
	const int rc = aggregate_read(&in.r, text, err);

	*says = in.says;
	return rc;
}

static const struct aggregate_about about = {
	.organization = SLICE("A & B"),
	.email = SLICE("dmarc@mx.example"),
	.id = SLICE("1.2@mx.example"),
	.begin_s = 86400,
	.end_s = 172799,
	.error = SLICE("1 < 2"),
	.generator = SLICE("pabal"),
	.domain = SLICE("one.example"),
	.p = SLICE("reject"),
	.sp = SLICE("none"),
	.np = SLICE("reject"),
	.adkim = SLICE("r"),
	.aspf = SLICE("s"),
	.testing = SLICE("n"),
	.fo = SLICE("0"),
};
static const struct aggregate_record record = {
	.source = SLICE("192.0.2.1"),
	.disposition = SLICE("none"),
	.dkim = SLICE("fail"),
	.spf = SLICE("fail"),
	.reason = SLICE("trusted_forwarder"),
	.comment = SLICE("<list>"),
	.header_from = SLICE("one.example"),
	.envelope_from = SLICE("bounce.example"),
	.signatures = { { .domain = SLICE("a.example"),
			    .selector = SLICE("s1"),
			    .result = SLICE("fail") },
	    { .domain = SLICE("b.example"),
		.selector = SLICE("s2"),
		.result = SLICE("pass") } },
	.nsignatures = 2,
	.sender = { .domain = SLICE("bounce.example"),
	    .scope = SLICE("mfrom"),
	    .result = SLICE("pass") },
};

/* The text as RFC 9990 has it: its order is a part of the format. */
static void
test_text(void **state)
{
	static const char want[] =
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">\n"
	    "<version>1.0</version>\n"
	    "<report_metadata>\n"
	    "<org_name>A &amp; B</org_name>\n"
	    "<email>dmarc@mx.example</email>\n"
	    "<report_id>1.2@mx.example</report_id>\n"
	    "<date_range>\n<begin>86400</begin>\n<end>172799</end>\n"
	    "</date_range>\n"
	    "<error>1 &lt; 2</error>\n"
	    "<generator>pabal</generator>\n"
	    "</report_metadata>\n"
	    "<policy_published>\n"
	    "<domain>one.example</domain>\n"
	    "<p>reject</p>\n<sp>none</sp>\n<np>reject</np>\n"
	    "<adkim>r</adkim>\n<aspf>s</aspf>\n"
	    "<discovery_method>treewalk</discovery_method>\n"
	    "<fo>0</fo>\n<testing>n</testing>\n"
	    "</policy_published>\n"
	    "<record>\n<row>\n"
	    "<source_ip>192.0.2.1</source_ip>\n"
	    "<count>7</count>\n"
	    "<policy_evaluated>\n"
	    "<disposition>none</disposition>\n"
	    "<dkim>fail</dkim>\n<spf>fail</spf>\n"
	    "<reason>\n<type>trusted_forwarder</type>\n"
	    "<comment>&lt;list&gt;</comment>\n</reason>\n"
	    "</policy_evaluated>\n</row>\n"
	    "<identifiers>\n"
	    "<envelope_from>bounce.example</envelope_from>\n"
	    "<header_from>one.example</header_from>\n"
	    "</identifiers>\n"
	    "<auth_results>\n"
	    "<dkim>\n<domain>a.example</domain>\n<selector>s1</selector>\n"
	    "<result>fail</result>\n</dkim>\n"
	    "<dkim>\n<domain>b.example</domain>\n<selector>s2</selector>\n"
	    "<result>pass</result>\n</dkim>\n"
	    "<spf>\n<domain>bounce.example</domain>\n<scope>mfrom</scope>\n"
	    "<result>pass</result>\n</spf>\n"
	    "</auth_results>\n</record>\n"
	    "</feedback>\n";
	struct buf out = { .max = 10000 }, row = { .max = 10000 }, says;
	struct err err = { 0 };
	size_t at;

	(void)state;
	aggregate_put_head(&out, &about);
	aggregate_put_record(&row, &record, &at);
	buf_add(&out, slice_sub(buf_slice(&row), 0, at));
	buf_addu(&out, 7);
	buf_add(&out, slice_from(buf_slice(&row), at));
	aggregate_put_foot(&out);
	assert_string_equal(buf_cstr(&out), want);
	assert_int_equal(read_text(buf_slice(&out), &says, &err), 0);
	assert_string_equal(buf_cstr(&says),
	    "192.0.2.1 7 none fail fail (trusted_forwarder: <list>) "
	    "one.example/bounce.example dkim=a.example:s1=fail "
	    "dkim=b.example:s2=pass spf=mfrom:bounce.example=pass\n"
	    "A & B dmarc@mx.example 1.2@mx.example 86400-172799 one.example "
	    "p=reject sp=none np=reject adkim=r aspf=s t=n fo=0 1 < 2\n");
	buf_fini(&says);
	buf_fini(&row);
	buf_fini(&out);
}

#define HEAD                                                                   \
	"<feedback><policy_published><domain>x.example</domain>"               \
	"</policy_published>"
#define RECORD(more)                                                           \
	"<record><row><source_ip>192.0.2.1</source_ip>" more "</row></record>"

/* Those of others: older ones, with what is not known, and what is none. */
static void
test_others(void **state)
{
	static const struct {
		const char *xml;
		const char *says; /* or of the error */
		int rc;
	} rows[] = {
		{ HEAD RECORD("<count> 3 </count>") "</feedback>",
		    "192.0.2.1 3    / spf=:=\n"
		    "   0-0 x.example p= sp= np= adkim= aspf= t= fo= \n",
		    0 },
		{ HEAD "<new><source_ip>1</source_ip></new></feedback>",
		    "   0-0 x.example p= sp= np= adkim= aspf= t= fo= \n", 0 },
		/* twice: the first counts */
		{ HEAD "<policy_published><domain>y.example</domain>"
		       "</policy_published></feedback>",
		    "   0-0 x.example p= sp= np= adkim= aspf= t= fo= \n", 0 },
		{ HEAD RECORD("") "</feedback>",
		    "a record without a source or a count", -1 },
		{ HEAD RECORD("<count>-1</count>") "</feedback>",
		    "a record without a source or a count", -1 },
		{ HEAD RECORD("<count>99999999999</count>") "</feedback>",
		    "a record without a source or a count", -1 },
		{ HEAD "<record><row><count>1</count></row></record>"
		       "</feedback>",
		    "a record without a source or a count", -1 },
		{ "<feedback></feedback>",
		    "no aggregate report: it has no domain", -1 },
		{ "<html></html>", "no aggregate report", -1 },
		{ HEAD, "no aggregate report: it ends too early", -1 },
		{ "<!DOCTYPE feedback>" HEAD "</feedback>",
		    "no aggregate report: markup that is not taken", -1 },
		{ "", "no aggregate report: it ends too early", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = { 0 };
		struct buf says;
		const int rc = read_text(slice_str(rows[i].xml), &says, &err);

		if (rc != rows[i].rc ||
		    strcmp(rc == 0 ? buf_cstr(&says) : err.text,
			rows[i].says) != 0)
			fail_msg("%s: %d %s%s", rows[i].xml, rc,
			    buf_cstr(&says), err.text);
		buf_fini(&says);
	}
}

/* More signatures than are kept, texts that are longer. */
static void
test_much(void **state)
{
	struct buf xml = { .max = 1 << 20 }, says;
	struct err err = { 0 };

	(void)state;
	buf_adds(&xml, HEAD "<record><row><source_ip>");
	for (int i = 0; i < 3 * AGGREGATE_TEXT_MAX; i++)
		buf_addc(&xml, '1');
	buf_adds(&xml, "</source_ip><count>1</count></row><auth_results>");
	for (int i = 0; i < 1000; i++)
		buf_addf(&xml, "<dkim><domain>d%d</domain></dkim>", i);
	buf_adds(&xml, "</auth_results></record></feedback>");
	assert_int_equal(read_text(buf_slice(&xml), &says, &err), 0);
	assert_int_equal(slice_find(buf_slice(&says), ' '), AGGREGATE_TEXT_MAX);
	assert_non_null(strstr(buf_cstr(&says), " dkim=d7:="));
	assert_null(strstr(buf_cstr(&says), " dkim=d8:="));
	buf_fini(&says);
	buf_fini(&xml);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
