/* SPDX-License-Identifier: ISC */
#include "ctl/view/stspolicy.h"

#include "base/cur.h"
#include "ctl/inst/dial.h"
#include "ipc/msg.h"
#include "ipc/sts.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "proto/nexthop.h"

enum { ANSWER_MS = 5000 };

static struct slice
word(struct slice *line)
{
	const struct slice w = slice_cut(*line, ' ', line);

	return slice_is(w, "-") ? SLICE("") : w;
}

static int64_t
number(struct slice *line)
{
	struct cur c = cur_of(slice_cut(*line, ' ', line));

	return (int64_t)cur_u64(&c, INT64_MAX / 2);
}

void
stspolicy_parse(struct slice line, struct stspolicy *p)
{
	struct slice first = slice_cut(slice_chomp(line), '\t', &line);

	p->domain = word(&first);
	p->mode = word(&first);
	p->id = word(&first);
	p->max_age_s = number(&first);
	p->fetched_s = number(&first);
	p->failed_s = number(&first);
	p->result = word(&first);
	p->mx = slice_cut(line, '\t', &p->why);
}

static void
add_line(struct slice line, struct buf *out)
{
	struct stspolicy p;

	stspolicy_parse(line, &p);
	if (p.mode.n > 0)
		buf_addf(out, "%.*s, %.*s, %.*s", SLICE_FMT(p.mode),
		    SLICE_FMT(p.id),
		    SLICE_FMT(slice_trim(slice_sub(p.mx, 0, 1000))));
	if (p.failed_s > 0)
		buf_addf(out, "%s%.*s: %.*s", p.mode.n > 0 ? "; " : "",
		    SLICE_FMT(p.result), SLICE_FMT(p.why));
}

void
stspolicy_add(const struct instance *in, struct slice nexthop, struct buf *out)
{
	struct buf domain = { .max = ADDRESS_DOMAIN_MAX };
	struct nexthop nh;
	struct msg m;
	struct dial d;

	if (slice_starts(nexthop, SLICE("smtp:")) &&
	    nexthop_parse(slice_from(nexthop, 5), &nh) &&
	    nh.kind == NEXTHOP_MX && domain_to_ascii(nh.host, &domain) &&
	    dial_open(&d, in, ROLE_STS, NULL) == 0) {
		m = (struct msg){ .type = MSG_sts_show,
			.sts_show = { .domain = buf_slice(&domain) } };
		if (dial_send(&d, &m, NULL) == 0 &&
		    dial_recv(&d, &m, ANSWER_MS, NULL) == 0 &&
		    m.type == MSG_sts_shown && m.sts_shown.policies.n > 0)
			add_line(m.sts_shown.policies, out);
		dial_close(&d);
	}
	buf_fini(&domain);
}

static int
ask(struct dial *d, struct msg *m, enum msg_type reply, int time_ms,
    struct err *err)
{
	if (dial_send(d, m, err) == -1 || dial_recv(d, m, time_ms, err) == -1)
		return -1;
	return m->type == reply
		   ? 0
		   : err_set(err, ERR_TEMP, "an answer to something else");
}

/* The words of sts_refreshed do until there is a line. */
static int
fetch(struct dial *d, struct slice domain, struct buf *line,
    struct stspolicy *p, struct err *err)
{
	struct msg m = { .type = MSG_sts_refresh,
		.sts_refresh = { .domain = domain } };

	*p = (struct stspolicy){ .max_age_s = 0 };
	if (ask(d, &m, MSG_sts_refreshed, STS_REFRESH_MS, err) == -1)
		return -1;
	if (!m.sts_refreshed.found) {
		buf_add(line, slice_sub(m.sts_refreshed.why, 0, line->max));
		p->why = buf_slice(line);
		return 0;
	}
	m = (struct msg){ .type = MSG_sts_show,
		.sts_show = { .domain = domain } };
	if (ask(d, &m, MSG_sts_shown, ANSWER_MS, err) == -1)
		return -1;
	buf_add(line, m.sts_shown.policies);
	stspolicy_parse(buf_slice(line), p);
	return 0;
}

int
stspolicy_fetch(const struct instance *in, struct slice domain,
    struct buf *line, struct stspolicy *p, struct err *err)
{
	struct dial d;
	int rc;

	if (dial_open(&d, in, ROLE_STS, err) == -1)
		return -1;
	rc = fetch(&d, domain, line, p, err);
	dial_close(&d);
	return rc;
}
