/* SPDX-License-Identifier: ISC */
#include "http/request.h"

#include "base/ascii.h"
#include "base/cur.h"
#include "base/mem.h"

enum {
	BAD_REQUEST = 400,
	URI_TOO_LONG = 414,
	EXPECTATION_FAILED = 417,
	FIELDS_TOO_LARGE = 431,
	NOT_IMPLEMENTED = 501,
	VERSION_NOT_SUPPORTED = 505,
};

/* ---- characters ---- */

/* RFC 9110 5.6.2 */
static bool
is_token(char c)
{
	return ascii_isalnum(c) ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* RFC 9110 5.5 */
static bool
is_value(char c)
{
	return ascii_isprint(c) || c == '\t' || (unsigned char)c >= 0x80;
}

/* What may stand in a target; bytes that are not are percent-encoded. */
static bool
is_target(char c)
{
	return c > ' ' && c < 0x7f && strchr("\"#<>\\^`{|}", c) == NULL;
}

/* RFC 3986 3.2.2, without a user in front. */
static bool
is_host(char c)
{
	return ascii_isalnum(c) ||
	       (c != '\0' && strchr("-._~%!$&'()*+,;=:[]", c) != NULL);
}

static bool
all(struct slice s, bool (*is)(char))
{
	for (size_t i = 0; i < s.n; i++)
		if (!is(s.p[i]))
			return false;
	return true;
}

static struct slice
without_blanks(struct slice s)
{
	while (s.n > 0 && is_blank(s.p[0]))
		s = slice_from(s, 1);
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* ---- the first line (RFC 9112 3) ---- */

/* 0, or the status of a refusal; likewise below. */
static unsigned
read_method(struct slice word, struct http_request *r)
{
	static const char *const methods[] = {
		[HTTP_GET] = "GET",
		[HTTP_HEAD] = "HEAD",
		[HTTP_POST] = "POST",
		[HTTP_PUT] = "PUT",
		[HTTP_DELETE] = "DELETE",
		[HTTP_OPTIONS] = "OPTIONS",
	};

	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (slice_is(word, methods[i])) {
			r->method = (enum http_method)i;
			return 0;
		}
	return word.n > 0 && all(word, is_token) ? NOT_IMPLEMENTED
						 : BAD_REQUEST;
}

/* 3.2.2: what stands behind the scheme; the host in it counts, not the field.
 */
static struct slice
read_authority(struct slice rest, struct http_request *r)
{
	struct slice ignored;

	r->host = slice_cut(slice_cut(rest, '/', &ignored), '?', &ignored);
	return slice_from(rest, r->host.n);
}

/* 3.2: origin-form, absolute-form, or the asterisk. */
static unsigned
read_target(struct slice target, struct http_request *r)
{
	const bool http = slice_istarts(target, SLICE("http://"));
	const bool absolute = http || slice_istarts(target, SLICE("https://"));

	if (target.n > HTTP_TARGET_MAX)
		return URI_TOO_LONG;
	if (!all(target, is_target))
		return BAD_REQUEST;
	if (slice_is(target, "*") && r->method == HTTP_OPTIONS) {
		r->path = target;
		return 0;
	}
	if (absolute)
		target = read_authority(slice_from(target, http ? 7 : 8), r);
	if (absolute && (r->host.n == 0 || !all(r->host, is_host)))
		return BAD_REQUEST;
	r->path = slice_cut(target, '?', &r->query);
	if (r->path.n == 0 && absolute)
		r->path = SLICE("/");
	return r->path.n > 0 && r->path.p[0] == '/' ? 0 : BAD_REQUEST;
}

/* 2.3 */
static unsigned
read_version(struct slice word, struct http_request *r)
{
	const struct slice digits = slice_from(word, 5);

	if (!slice_starts(word, SLICE("HTTP/")) || digits.n != 3 ||
	    !ascii_isdigit(digits.p[0]) || digits.p[1] != '.' ||
	    !ascii_isdigit(digits.p[2]))
		return BAD_REQUEST;
	if (digits.p[0] != '1')
		return VERSION_NOT_SUPPORTED;
	r->persists = digits.p[2] > '0';
	r->chunks = r->persists;
	return 0;
}

static unsigned
read_first(struct slice line, struct http_request *r)
{
	struct slice rest;
	const struct slice method = slice_cut(line, ' ', &rest);
	const struct slice target = slice_cut(rest, ' ', &rest);
	unsigned status = read_method(method, r);

	if (status == BAD_REQUEST)
		return status;
	/* a request that is none is no method that is not known */
	if (read_version(rest, r) != 0)
		return read_version(rest, r);
	return status != 0 ? status : read_target(target, r);
}

/* ---- the fields ---- */

bool
http_field_parse(struct slice line, struct http_field *f)
{
	const size_t colon = slice_find(line, ':');

	f->name = slice_sub(line, 0, colon);
	f->value = without_blanks(slice_from(line, colon + 1));
	return colon > 0 && colon < line.n && all(f->name, is_token) &&
	       all(f->value, is_value);
}

struct slice
http_request_field(const struct http_request *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (slice_iis(r->fields[i].name, name))
			return r->fields[i].value;
	return SLICE("");
}

static size_t
count(const struct http_request *r, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += slice_iis(r->fields[i].name, name);
	return n;
}

bool
http_list_has(struct slice value, const char *word)
{
	while (value.n > 0)
		if (slice_iis(
			without_blanks(slice_cut(value, ',', &value)), word))
			return true;
	return false;
}

/* "q=0", "q=0.000" */
static bool
is_zero(struct slice weight)
{
	if (!slice_istarts(weight, SLICE("q=0")))
		return false;
	for (size_t i = 3; i < weight.n; i++)
		if (weight.p[i] != '.' && weight.p[i] != '0')
			return false;
	return true;
}

bool
http_accepts(struct slice value, const char *coding)
{
	while (value.n > 0) {
		struct slice weight;
		const struct slice name =
		    slice_cut(slice_cut(value, ',', &value), ';', &weight);

		if (slice_iis(without_blanks(name), coding))
			return !is_zero(without_blanks(weight));
	}
	return false;
}

/* RFC 9112 3.2: one, in each request of HTTP/1.1. */
static unsigned
read_host(struct http_request *r, bool must_have)
{
	const size_t n = count(r, "Host");
	const struct slice host = http_request_field(r, "Host");

	if (n > 1 || (n == 0 && must_have) || !all(host, is_host))
		return BAD_REQUEST;
	if (r->host.n == 0)
		r->host = host;
	return 0;
}

/* RFC 9112 6: who tells it twice, or in two ways, is not believed. */
static unsigned
read_framing(struct http_request *r, bool http_1_0)
{
	const size_t lengths = count(r, "Content-Length");
	const size_t codings = count(r, "Transfer-Encoding");
	struct cur c = cur_of(http_request_field(r, "Content-Length"));

	if (lengths > 1 || codings > 1 || lengths + codings > 1)
		return BAD_REQUEST;
	if (codings > 0) {
		if (http_1_0)
			return BAD_REQUEST;
		r->chunked = slice_iis(
		    http_request_field(r, "Transfer-Encoding"), "chunked");
		return r->chunked ? 0 : NOT_IMPLEMENTED;
	}
	if (lengths == 0)
		return 0;
	r->length = cur_u64(&c, INT64_MAX);
	return cur_end(&c) ? 0 : BAD_REQUEST;
}

/* RFC 9112 9.3; RFC 9110 10.1.1: HTTP/1.0 knows no 100. */
static unsigned
read_connection(struct http_request *r, bool http_1_0)
{
	const struct slice expect = http_request_field(r, "Expect");

	for (size_t i = 0; i < r->n; i++) {
		const struct http_field *f = &r->fields[i];

		if (!slice_iis(f->name, "Connection"))
			continue;
		if (http_list_has(f->value, "close"))
			r->persists = false;
	}
	if (expect.n > 0 && !slice_iis(expect, "100-continue"))
		return EXPECTATION_FAILED;
	r->expects = expect.n > 0 && !http_1_0 && (r->chunked || r->length > 0);
	return 0;
}

static unsigned
read_fields(struct http_request *r)
{
	const bool http_1_0 = !r->persists;
	unsigned status = read_host(r, !http_1_0);

	if (status == 0)
		status = read_framing(r, http_1_0);
	return status != 0 ? status : read_connection(r, http_1_0);
}

/* ---- lines ---- */

/* The line at *AT, without its CRLF, behind which *AT is then.  WHOLE: there is
 * one. */
static enum http_need
next_line(struct slice in, size_t *at, struct slice *line)
{
	const struct slice rest = slice_from(in, *at);
	const size_t nl = slice_find(rest, '\n');

	if (nl == rest.n)
		return HTTP_MORE;
	if (nl == 0 || rest.p[nl - 1] != '\r')
		return HTTP_REFUSED;
	*line = slice_sub(rest, 0, nl - 1);
	*at += nl + 1;
	return HTTP_WHOLE;
}

static unsigned
add_field(struct http_request *r, struct slice line)
{
	if (r->n == HTTP_FIELDS_MAX)
		return FIELDS_TOO_LARGE;
	return http_field_parse(line, &r->fields[r->n++]) ? 0 : BAD_REQUEST;
}

/* What has not ended yet, and has MAX bytes already. */
static enum http_need
go_on(struct slice in, size_t max, bool first, unsigned *status)
{
	*status = first ? URI_TOO_LONG : FIELDS_TOO_LARGE;
	return in.n < max ? HTTP_MORE : HTTP_REFUSED;
}

enum http_need
http_request_parse(struct slice in, size_t max, struct http_request *r,
    size_t *len, unsigned *status)
{
	/* 2.2: an empty line in front is what old clients send behind content
	 */
	size_t at = slice_starts(in, SLICE("\r\n")) ? 2 : 0;
	struct slice line;
	bool first = true;

	*r = (struct http_request){ .n = 0 };
	*status = 0;
	for (;;) {
		switch (next_line(slice_sub(in, 0, max), &at, &line)) {
		case HTTP_MORE:
			return go_on(in, max, first, status);
		case HTTP_REFUSED:
			*status = BAD_REQUEST;
			return HTTP_REFUSED;
		case HTTP_WHOLE:
			break;
		}
		if (!first && line.n == 0)
			break;
		*status = first ? read_first(line, r) : add_field(r, line);
		if (*status != 0)
			return HTTP_REFUSED;
		first = false;
	}
	*len = at;
	*status = read_fields(r);
	return *status == 0 ? HTTP_WHOLE : HTTP_REFUSED;
}
