/* SPDX-License-Identifier: ISC */
#include "httpd/site.h"

#include "base/buf.h"
#include "base/mem.h"
#include "conf/values.h"
#include "http/answer.h"
#include "http/path.h"
#include "http/request.h"
#include "httpd/answer.h"
#include "httpd/ask.h"
#include "httpd/conf.h"
#include "httpd/file.h"
#include "httpd/jmap.h"
#include "httpd/session.h"
#include "sys/addr.h"
#include "sys/clock.h"
#include "sys/clocktext.h"

enum { PATH_MAX_BYTES = 1024, PAGE_MAX = 16 << 10, MONTH_S = 30 * 86400 };

static void
not_found(struct httpd_session *s)
{
	httpd_answer_status(s, 404, "");
}

static void
on_health(struct httpd_session *s, const struct http_request *r)
{
	struct addr client;

	(void)r;
	if (s->front.local ||
	    (addr_of_ip(&client, AF_UNSPEC, slice_str(s->front.ip), 0) &&
		conf_nets_match(&httpd_conf->status_networks, &client)))
		httpd_answer(
		    s, 200, "text/plain; charset=utf-8", SLICE("ok\n"));
	else
		not_found(s);
}

/* RFC 9116 */
static void
on_security(struct httpd_session *s, const struct http_request *r)
{
	const struct conf_list *contacts = &httpd_conf->security_contact;
	const int64_t day_s = clock_wall_s() / 86400 * 86400;
	struct buf page = { .max = PAGE_MAX };
	char expires[CLOCKTEXT_SIZE];

	(void)r;
	if (contacts->n == 0) {
		not_found(s);
		return;
	}
	for (size_t i = 0; i < contacts->n; i++)
		buf_addf(&page, "Contact: %s\n", contacts->v[i]);
	clocktext_format(day_s + MONTH_S, expires);
	buf_addf(&page, "Expires: %s\n", expires);
	httpd_answer(s, 200, "text/plain; charset=utf-8", buf_slice(&page));
	buf_fini(&page);
}

struct page {
	const char *path;
	void (*answer)(struct httpd_session *s, const struct http_request *r);
};

static const struct page pages[] = {
	{ "/healthz", on_health },
	{ "/.well-known/mta-sts.txt", httpd_ask_mta_sts },
	{ "/.well-known/security.txt", on_security },
};

static void
answer(struct httpd_session *s, const struct http_request *r, struct slice path)
{
	for (size_t i = 0; i < ARRAY_LEN(pages); i++)
		if (slice_is(path, pages[i].path)) {
			pages[i].answer(s, r);
			return;
		}
	httpd_file_answer(s, r, path);
}

/* All there is but JMAP can only be read. */
void
httpd_site_answer(struct httpd_session *s, const struct http_request *r)
{
	static const char allow[] = "Allow: GET, HEAD, OPTIONS\r\n";
	struct buf path = { .max = PATH_MAX_BYTES };

	if (httpd_jmap_answer(s, r))
		return;
	if (r->method == HTTP_OPTIONS)
		httpd_answer_status(s, 204, allow);
	else if (r->method != HTTP_GET && r->method != HTTP_HEAD)
		httpd_answer_status(s, 405, allow);
	else if (http_path_decode(r->path, &path))
		answer(s, r, buf_slice(&path));
	else
		not_found(s);
	buf_fini(&path);
}
