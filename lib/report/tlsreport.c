/* SPDX-License-Identifier: ISC */
#include "report/tlsreport.h"

#include "base/json.h"
#include "report/aggregate.h"
#include "sys/clocktext.h"

enum { POLICY_MAX = 1 << 16 };

/* ---- a row: the policy, a line feed, the failure if it was one ---- */

/* The patterns are what is behind "mx: " in the lines of an MTA-STS policy. */
static void
put_strings(struct buf *out, const char *name, struct slice lines,
    struct slice prefix, bool strip)
{
	const char *before = ":[";

	while (lines.n > 0) {
		const struct slice line = slice_cut(lines, '\n', &lines);

		if (line.n == 0 || !slice_starts(line, prefix))
			continue;
		if (*before == ':') {
			buf_addc(out, ',');
			json_put(out, slice_str(name));
		}
		buf_adds(out, before);
		json_put(out, slice_from(line, strip ? prefix.n : 0));
		before = ",";
	}
	if (*before == ',')
		buf_addc(out, ']');
}

static void
put_policy(struct buf *out, const struct tlsreport_row *row)
{
	buf_addc(out, '{');
	json_put_member(out, "policy-type", slice_str(row->policy));
	put_strings(out, "policy-string", row->strings, SLICE(""), false);
	buf_addc(out, ',');
	json_put_member(out, "policy-domain", row->domain);
	put_strings(out, "mx-host", row->strings, SLICE("mx: "), true);
	buf_addc(out, '}');
}

static void
put_known(struct buf *out, const char *name, struct slice value)
{
	if (value.n == 0)
		return;
	buf_addc(out, ',');
	json_put_member(out, name, value);
}

void
tlsreport_put_row(struct buf *out, const struct tlsreport_row *row,
    size_t *group, size_t *count_at)
{
	put_policy(out, row);
	buf_addc(out, '\n');
	*group = out->n;
	*count_at = out->n;
	if (row->result == NULL)
		return;
	buf_addc(out, '{');
	json_put_member(out, "result-type", slice_str(row->result));
	put_known(out, "sending-mta-ip", row->sending_ip);
	put_known(out, "receiving-mx-hostname", row->mx_host);
	put_known(out, "receiving-ip", row->receiving_ip);
	put_known(out, "failure-reason-code", row->reason);
	buf_adds(out, ",\"failed-session-count\":");
	*count_at = out->n;
	buf_addc(out, '}');
}

/* ---- a report ---- */

static void
put_time(struct buf *out, const char *name, int64_t time_s)
{
	char text[CLOCKTEXT_SIZE];

	clocktext_format(time_s, text);
	json_put_member(out, name, slice_str(text));
}

void
tlsreport_head(
    struct tlsreport *t, const struct aggregate_about *about, struct buf *out)
{
	buf_init(&t->policy, POLICY_MAX);
	t->good = t->bad = 0;
	buf_addc(out, '{');
	json_put_member(out, "organization-name", about->organization);
	buf_adds(out, ",\"date-range\":{");
	put_time(out, "start-datetime", about->begin_s);
	buf_addc(out, ',');
	put_time(out, "end-datetime", about->end_s);
	buf_adds(out, "},");
	json_put_member(out, "contact-info", about->email);
	buf_addc(out, ',');
	json_put_member(out, "report-id", about->id);
	buf_adds(out, ",\"policies\":[");
}

static void
end_policy(struct tlsreport *t, struct buf *out)
{
	if (t->policy.n == 0)
		return;
	if (t->bad > 0)
		buf_addc(out, ']');
	buf_addf(out,
	    ",\"summary\":{\"total-successful-session-count\":%llu,"
	    "\"total-failure-session-count\":%llu}}",
	    (unsigned long long)t->good, (unsigned long long)t->bad);
}

static void
begin_policy(struct tlsreport *t, struct slice policy, struct buf *out)
{
	if (t->policy.n > 0)
		buf_addc(out, ',');
	buf_reset(&t->policy);
	buf_add(&t->policy, policy);
	t->good = t->bad = 0;
	buf_adds(out, "{\"policy\":");
	buf_add(out, policy);
}

void
tlsreport_row(struct tlsreport *t, struct slice row, size_t count_at,
    uint64_t count, struct buf *out)
{
	struct slice failure;
	const struct slice policy = slice_cut(row, '\n', &failure);

	if (!slice_eq(policy, buf_slice(&t->policy))) {
		end_policy(t, out);
		begin_policy(t, policy, out);
	}
	if (failure.n == 0) {
		t->good += count;
		return;
	}
	buf_adds(out, t->bad == 0 ? ",\"failure-details\":[" : ",");
	t->bad += count;
	count_at -= policy.n + 1;
	buf_add(out, slice_sub(failure, 0, count_at));
	buf_addu(out, count);
	buf_add(out, slice_from(failure, count_at));
}

void
tlsreport_foot(struct tlsreport *t, struct buf *out)
{
	end_policy(t, out);
	buf_adds(out, "]}\n");
	buf_fini(&t->policy);
}
