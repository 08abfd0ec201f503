/* SPDX-License-Identifier: ISC */
#include "httpd/jmap.h"

#include "base/buf.h"
#include "base/mem.h"
#include "conf/values.h"
#include "front/session.h"
#include "http/request.h"
#include "httpd/answer.h"
#include "httpd/carry.h"
#include "httpd/conf.h"
#include "httpd/session.h"
#include "ipc/ipc.h"
#include "ipc/jmapd.h"
#include "ipc/role.h"

enum { BASE_MAX = 300 };

struct route {
	const char *path;
	bool prefix; /* more stands behind it */
	enum jmapd_what what;
	bool posts; /* POST; else GET and HEAD */
};

static const struct route routes[] = {
	{ JMAPD_PATH_SESSION, false, JMAPD_SESSION, false },
	{ JMAPD_PATH_API, false, JMAPD_API, true },
	{ JMAPD_PATH_DOWNLOAD, true, JMAPD_DOWNLOAD, false },
	{ JMAPD_PATH_UPLOAD, true, JMAPD_UPLOAD, true },
};

static const struct route *
find(struct slice path)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		if (routes[i].prefix
			? slice_starts(path, slice_str(routes[i].path))
			: slice_is(path, routes[i].path))
			return &routes[i];
	return NULL;
}

/* ---- pages of other origins (CORS) ---- */

/* "https://host:port", as the client knows this host. */
static void
put_base(
    const struct httpd_session *s, const struct http_request *r, struct buf *to)
{
	buf_adds(to, front_tls(&s->front) ? "https://" : "http://");
	buf_add(to,
	    r->host.n > 0 ? r->host : slice_str(httpd_conf->shared.hostname));
}

static bool
is_listed(struct slice origin)
{
	const struct conf_list *list = &httpd_conf->cors_origins;

	for (size_t i = 0; i < list->n; i++)
		if (slice_iis(origin, list->v[i]))
			return true;
	return false;
}

/* May the page that sends R?  Browsers bring the password that they know to
 * whatever page asks them. */
static bool
allow_origin(
    struct httpd_session *s, const struct http_request *r, struct slice base)
{
	const struct slice origin = http_request_field(r, "Origin");

	if (origin.n == 0 || slice_ieq(origin, base) ||
	    slice_iis(origin, httpd_conf->base_url))
		return true;
	return is_listed(origin) &&
	       slice_copy(origin, s->origin, sizeof s->origin);
}

/* What a browser asks before it sends the request itself. */
static void
answer_options(struct httpd_session *s, const struct route *route)
{
	struct buf fields = { .max = 512 };
	const char *methods =
	    route->posts ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";

	buf_addf(&fields, "Allow: %s\r\n", methods);
	if (*s->origin != '\0')
		buf_addf(&fields,
		    "Access-Control-Allow-Methods: %s\r\n"
		    "Access-Control-Allow-Headers: Authorization, "
		    "Content-Type\r\n"
		    "Access-Control-Max-Age: 3600\r\n",
		    methods);
	httpd_answer_status(s, 204, buf_cstr(&fields));
	buf_fini(&fields);
}

static void
answer(struct httpd_session *s, const struct http_request *r,
    const struct route *route, struct slice base)
{
	const bool reads = r->method == HTTP_GET || r->method == HTTP_HEAD;

	if (!allow_origin(s, r, base))
		httpd_answer_status(s, 403, "");
	else if (r->method == HTTP_OPTIONS)
		answer_options(s, route);
	else if (route->posts ? r->method != HTTP_POST : !reads)
		httpd_answer_status(s, 405,
		    route->posts ? "Allow: POST, OPTIONS\r\n"
				 : "Allow: GET, HEAD, OPTIONS\r\n");
	else
		httpd_carry_new(s, r, route->what,
		    slice_from(r->path, slice_str(route->path).n),
		    *httpd_conf->base_url != '\0'
			? slice_str(httpd_conf->base_url)
			: base);
}

bool
httpd_jmap_answer(struct httpd_session *s, const struct http_request *r)
{
	const struct route *route = find(r->path);
	struct buf base = { .max = BASE_MAX };

	if (route == NULL || !ipc_has(ROLE_JMAPD))
		return false;
	put_base(s, r, &base);
	if (base.failed)
		httpd_answer_status(s, 400, "");
	else
		answer(s, r, route, buf_slice(&base));
	buf_fini(&base);
	return true;
}
