/* SPDX-License-Identifier: ISC */
/* pabal sts: the MTA-STS policies of other domains. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/cmd/commands.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/dial.h"
#include "ctl/inst/owner.h"
#include "ctl/mailbox/when.h"
#include "ctl/view/out.h"
#include "ctl/view/stspolicy.h"
#include "ipc/msg.h"
#include "ipc/sts.h"
#include "proto/address.h"
#include "proto/domain.h"

enum { SHOW_MS = 60000 };

/* A question and the reply that is wanted, which stays in M. */
static int
ask(struct dial *d, struct msg *m, enum msg_type reply, int timeout_ms)
{
	struct err err;

	if (dial_send(d, m, &err) == -1 ||
	    dial_recv(d, m, timeout_ms, &err) == -1)
		return ctl_fail_err(&err);
	return m->type == reply ? CTL_OK
				: ctl_fail("sts: an answer to something else");
}

static int
take_domain(struct ctl *ctl, const char *text, struct buf *ascii)
{
	if (domain_to_ascii(slice_str(text), ascii) &&
	    address_is_domain(buf_slice(ascii), 0))
		return CTL_OK;
	return ctl_usage(
	    ctl, "expected a domain such as example.org, not \"%s\"", text);
}

static int
begin(struct ctl *ctl, struct dial *d, int n, char **argv, struct buf *domain)
{
	struct err err;

	if (n == -1 || (n == 1 && take_domain(ctl, argv[0], domain) != CTL_OK))
		return CTL_USAGE;
	if (owner_check(ctl) != CTL_OK)
		return CTL_FAILED;
	return dial_open(d, &ctl->inst, ROLE_STS, &err) == 0
		   ? CTL_OK
		   : ctl_fail_err(&err);
}

/* ---- show ---- */

static void
print_known(struct out *o, struct slice s)
{
	if (s.n > 0)
		out_str(o, s);
	else
		out_none(o);
}

/* A line of sts_shown; its domain. */
static struct slice
print_line(struct out *o, struct slice line)
{
	struct stspolicy p;

	stspolicy_parse(line, &p);
	out_str(o, p.domain);
	print_known(o, p.mode);
	print_known(o, p.id);
	when_put(o, p.fetched_s);
	when_put(o, p.mode.n > 0 ? p.fetched_s + p.max_age_s : 0);
	out_str(o, p.mx);
	when_put(o, p.failed_s);
	print_known(o, p.result);
	print_known(o, p.why);
	return p.domain;
}

static int
print_all(struct out *o, struct dial *d, struct slice domain)
{
	struct buf behind = { .max = ADDRESS_DOMAIN_MAX };
	struct msg m;
	int rc;

	do {
		struct slice lines;

		m = (struct msg){ .type = MSG_sts_show,
			.sts_show = {
			    .domain = domain, .behind = buf_slice(&behind) } };
		rc = ask(d, &m, MSG_sts_shown, SHOW_MS);
		if (rc != CTL_OK)
			break;
		lines = m.sts_shown.policies;
		while (lines.n > 0) {
			const struct slice last =
			    print_line(o, slice_cut(lines, '\n', &lines));

			buf_reset(&behind);
			buf_add(&behind, last);
		}
	} while (m.sts_shown.more);
	buf_fini(&behind);
	return rc;
}

int
cmd_sts_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct out_col cols[] = { { "domain", 24 }, { "mode", 8 },
		{ "policy", 16 }, { "fetched", 20 }, { "valid_until", 20 },
		{ "mx", 24 }, { "failed", 20 }, { "result", 22 },
		{ "why", 0 } };
	const int n = ctl_options(ctl, NULL, argc, argv, 0, 1);
	struct buf domain = { .max = ADDRESS_DOMAIN_MAX };
	struct dial d;
	struct out o;
	int rc = begin(ctl, &d, n, argv, &domain);

	if (rc == CTL_OK) {
		out_begin(&o, ctl->json, cols, ARRAY_LEN(cols));
		rc = print_all(&o, &d, buf_slice(&domain));
		out_end_or(&o, rc == CTL_OK ? "no such policy is known" : NULL);
		dial_close(&d);
	}
	buf_fini(&domain);
	return rc;
}

/* ---- refresh ---- */

static int
refresh(struct dial *d, struct slice domain)
{
	struct msg m = { .type = MSG_sts_refresh,
		.sts_refresh = { .domain = domain } };
	const int rc = ask(d, &m, MSG_sts_refreshed, STS_REFRESH_MS);

	if (rc != CTL_OK)
		return rc;
	if (!m.sts_refreshed.found)
		return ctl_fail("sts: %.*s: %.*s", SLICE_FMT(domain),
		    SLICE_FMT(m.sts_refreshed.why));
	return CTL_OK;
}

int
cmd_sts_refresh(struct ctl *ctl, int argc, char **argv)
{
	const int n = ctl_options(ctl, NULL, argc, argv, 1, 1);
	struct buf domain = { .max = ADDRESS_DOMAIN_MAX };
	struct dial d;
	int rc = begin(ctl, &d, n, argv, &domain);

	if (rc == CTL_OK) {
		rc = refresh(&d, buf_slice(&domain));
		dial_close(&d);
	}
	buf_fini(&domain);
	return rc;
}
