/* SPDX-License-Identifier: ISC */
#include "httpd/ask.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "http/request.h"
#include "httpd/answer.h"
#include "httpd/conf.h"
#include "httpd/session.h"
#include "ipc/ipc.h"
#include "ipc/msg.h"
#include "ipc/role.h"
#include "proto/address.h"
#include "proto/domain.h"
#include "proto/mtasts.h"

enum { ANSWER_MS = 10000 };

struct httpd_ask {
	struct httpd_session *session;
	struct ipc_call call;
};

void
httpd_ask_free(struct httpd_ask **p)
{
	struct httpd_ask *a = *p;

	*p = NULL;
	if (a == NULL)
		return;
	ipc_cancel(&a->call);
	free(a);
}

static void
write_policy(struct buf *out)
{
	static const char *const modes[] = { NULL, "none", "testing",
		"enforce" };
	const struct conf_list *mx = &httpd_conf->mta_sts_mx;

	buf_addf(out, "version: STSv1\r\nmode: %s\r\n",
	    modes[httpd_conf->mta_sts_policy]);
	for (size_t i = 0; i < mx->n; i++)
		buf_addf(out, "mx: %s\r\n", mx->v[i]);
	if (mx->n == 0)
		buf_addf(out, "mx: %s\r\n", httpd_conf->shared.hostname);
	buf_addf(out, "max_age: %lld\r\n",
	    (long long)httpd_conf->mta_sts_max_age / 1000);
}

static void
answer_policy(struct httpd_session *s)
{
	struct buf out = { .max = MTASTS_TEXT_MAX };

	if (httpd_conf->mta_sts_policy == HTTPD_MTA_STS_OFF) {
		httpd_answer_status(s, 404, "");
		return;
	}
	write_policy(&out);
	httpd_answer(s, 200, "text/plain; charset=utf-8", buf_slice(&out));
	buf_fini(&out);
}

static void
on_answer(struct ipc_call *call, struct msg *m)
{
	struct httpd_session *s = OUTER(call, struct httpd_ask, call)->session;
	const uint32_t found = m != NULL ? m->lookup_domain_is.found : TEMPFAIL;

	httpd_ask_free(&s->ask);
	if (found == FOUND)
		answer_policy(s);
	else if (found == ABSENT)
		httpd_answer_status(s, 404, "");
	else
		httpd_answer_status(s, 503, "Retry-After: 60\r\n");
}

/* "Mta-Sts.Example.org:443": what stands between, in the form of a domain. */
static bool
domain_of(struct slice host, struct buf *out)
{
	struct slice ignored;
	const struct slice name = slice_cut(host, ':', &ignored);
	const struct slice prefix = SLICE("mta-sts.");

	return slice_istarts(name, prefix) &&
	       domain_to_ascii(slice_from(name, prefix.n), out) &&
	       address_is_domain(buf_slice(out), 0);
}

void
httpd_ask_mta_sts(struct httpd_session *s, const struct http_request *r)
{
	struct buf domain = { .max = ADDRESS_DOMAIN_MAX };

	if (httpd_conf->mta_sts_policy == HTTPD_MTA_STS_OFF ||
	    !domain_of(r->host, &domain)) {
		httpd_answer_status(s, 404, "");
	} else {
		s->ask = xcalloc(1, sizeof *s->ask);
		s->ask->session = s;
		httpd_session_mode(s, HTTPD_WAIT);
		IPC_CALL(ipc_link(ROLE_LOOKUP, 0, 0), &s->ask->call,
		    lookup_domain_is, on_answer, ANSWER_MS, lookup_domain,
		    .domain = buf_slice(&domain));
	}
	buf_fini(&domain);
}
