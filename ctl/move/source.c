/* SPDX-License-Identifier: ISC */
#include "ctl/move/source.h"

#include "base/buf.h"
#include "base/cur.h"
#include "base/hex.h"

enum { TEXT_MAX = 1024, IMAP_PORT = 143, IMAPS_PORT = 993 };

static bool
unescape(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		int byte = (unsigned char)s.p[i];

		if (s.p[i] == '%') {
			if (i + 2 >= s.n || hex_digit(s.p[i + 1]) == -1 ||
			    hex_digit(s.p[i + 2]) == -1)
				return false;
			byte =
			    hex_digit(s.p[i + 1]) << 4 | hex_digit(s.p[i + 2]);
			i += 2;
		}
		if (byte == 0 || byte == '\r' || byte == '\n')
			return false;
		buf_addc(out, (char)byte);
	}
	return !out->failed && out->n > 0;
}

/* HOST[:PORT], [ADDRESS][:PORT] */
static bool
parse_host(struct move_source *s, struct arena *arena, struct slice text)
{
	struct cur c = cur_of(text);
	struct slice host;

	if (cur_try_byte(&c, '['))
		host = cur_until(&c, ']');
	else
		host = cur_take(&c, slice_find(text, ':'));
	if (cur_try_byte(&c, ':'))
		s->port = (uint16_t)cur_u64(&c, UINT16_MAX);
	if (!cur_end(&c) || host.n == 0 || s->port == 0 ||
	    slice_find(host, '/') != host.n)
		return false;
	s->host = arena_lower(arena, host).p != NULL
		      ? arena_str(arena, arena_lower(arena, host))
		      : NULL;
	return s->host != NULL;
}

int
move_source_parse(struct move_source *s, struct arena *arena, struct slice url,
    struct err *err)
{
	struct buf login = { .max = TEXT_MAX }, name = { .max = 2 * TEXT_MAX };
	struct slice rest = url;
	size_t at;
	bool ok;

	*s = (struct move_source){ .tls =
				       slice_istarts(url, SLICE("imaps://")) };
	s->port = s->tls ? IMAPS_PORT : IMAP_PORT;
	ok = s->tls || slice_istarts(url, SLICE("imap://"));
	rest = slice_from(rest, s->tls ? 8 : 7);
	if (rest.n > 0 && rest.p[rest.n - 1] == '/')
		rest.n--;
	at = slice_rfind(rest, '@');
	ok = ok && at < rest.n && unescape(&login, slice_sub(rest, 0, at)) &&
	     parse_host(s, arena, slice_from(rest, at + 1));
	if (ok) {
		s->login = arena_str(arena, buf_slice(&login));
		buf_addf(&name, "%s@%s", s->login, s->host);
		s->name = arena_str(arena, buf_slice(&name));
	}
	buf_fini(&login);
	buf_fini(&name);
	return ok ? 0
		  : err_set(err, ERR_PERM,
			"\"%.*s\" is not imaps://LOGIN@HOST[:PORT]",
			(int)(url.n < 100 ? url.n : 100), url.p);
}
