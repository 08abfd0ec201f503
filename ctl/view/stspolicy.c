/* SPDX-License-Identifier: ISC */
#include "ctl/view/stspolicy.h"

#include "ctl/inst/dial.h"
#include "ipc/msg.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "proto/nexthop.h"

enum { ANSWER_MS = 5000 };

/* The fields of a line of sts_shown (ipc/sts.h) behind the domain. */
static void
add_line(struct slice line, struct buf *out)
{
	struct slice mode, id;

	(void)slice_cut(line, ' ', &line);
	mode = slice_cut(line, ' ', &line);
	id = slice_cut(line, ' ', &line);
	(void)slice_cut(line, ' ', &line);
	(void)slice_cut(line, ' ', &line);
	buf_addf(out, "%.*s, %.*s, %.*s", SLICE_FMT(mode), SLICE_FMT(id),
	    SLICE_FMT(slice_trim(slice_sub(line, 0, 1000))));
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
			add_line(slice_chomp(m.sts_shown.policies), out);
		dial_close(&d);
	}
	buf_fini(&domain);
}
