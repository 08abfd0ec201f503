/* SPDX-License-Identifier: ISC */
#include "imapd/parse/imapurl.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/cur.h"
#include "base/hex.h"

/* TEXT without %XX; false where a byte may not stand in a URL. */
static bool
decode(struct slice text, struct arena *a, struct slice *out)
{
	char *to = arena_alloc(a, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c <= ' ' || c == '\x7f')
			return false;
		if (c == '%') {
			if (i + 2 >= text.n || hex_digit(text.p[i + 1]) < 0 ||
			    hex_digit(text.p[i + 2]) < 0)
				return false;
			c = (char)(hex_digit(text.p[i + 1]) * 16 +
				   hex_digit(text.p[i + 2]));
			i += 2;
		}
		if (c == '\0')
			return false;
		to[n++] = c;
	}
	*out = slice_of(to, n);
	return true;
}

/* "//" [user [";AUTH=" type] "@"] host [":" port], up to the "/". */
static bool
read_server(struct cur *c, struct arena *a, struct imapurl *u)
{
	struct slice path, server, user = { NULL, 0 };
	const struct slice rest = cur_rest(c);
	size_t at;

	server = slice_cut(rest, '/', &path);
	if (server.n == rest.n)
		return false;
	(void)cur_take(c, server.n);
	at = slice_rfind(server, '@');
	if (at < server.n) {
		user = slice_sub(server, 0, at);
		server = slice_from(server, at + 1);
		at = slice_find(user, ';');
		if (at < user.n &&
		    !slice_istarts(slice_from(user, at), SLICE(";AUTH=")))
			return false;
		if (!decode(slice_sub(user, 0, at), a, &u->user) ||
		    u->user.n == 0)
			return false;
	}
	at = slice_rfind(server, ':');
	for (size_t i = at + 1; i < server.n; i++)
		if (!ascii_isdigit(server.p[i]))
			at = server.n; /* of an address of IPv6 */
	return decode(slice_sub(server, 0, at), a, &u->host) && u->host.n > 0;
}

static bool
is_no_semicolon(char c)
{
	return c != ';';
}

/* enc-mailbox [";UIDVALIDITY=" nz-number] "/", either of which may be missing
 * in a relative URL */
static bool
read_mailbox(struct cur *c, struct arena *a, struct imapurl *u)
{
	struct slice name = cur_while(c, is_no_semicolon);
	const bool slash = slice_ends(name, SLICE("/"));

	if (cur_try(c, ";UIDVALIDITY=")) {
		u->uidvalidity = (uint32_t)cur_u64(c, UINT32_MAX);
		cur_lit(c, "/");
		if (u->uidvalidity == 0)
			return false;
	} else if (slash) {
		name.n--;
	} else if (name.n > 0) {
		return false;
	}
	return name.n == 0 ? u->host.p == NULL && u->uidvalidity == 0
			   : decode(name, a, &u->mailbox);
}

/* ";UID=" nz-number ["/;SECTION=" enc-section]
 * ["/;PARTIAL=" number ["." nz-number]] */
static bool
read_message(struct cur *c, struct arena *a, struct imapurl *u)
{
	struct slice section = { NULL, 0 };
	bool partial;

	u->len = UINT64_MAX;
	cur_lit(c, ";UID=");
	u->uid = (uint32_t)cur_u64(c, UINT32_MAX);
	if (cur_try(c, "/;SECTION=")) {
		section = cur_while(c, is_no_semicolon);
		partial = cur_peek(c) == ';';
		if (partial && !slice_ends(section, SLICE("/")))
			return false;
		section.n -= partial;
		if (section.n == 0 || !decode(section, a, &u->section))
			return false;
		partial = cur_try(c, ";PARTIAL=");
	} else {
		partial = cur_try(c, "/;PARTIAL=");
	}
	if (partial) {
		u->off = cur_u64(c, INT64_MAX);
		if (cur_try_byte(c, '.'))
			u->len = cur_u64(c, INT64_MAX);
	}
	return cur_end(c) && u->uid != 0 && u->len != 0;
}

bool
imapurl_parse(struct slice url, struct arena *a, struct imapurl *u)
{
	struct cur c = cur_of(url);

	*u = (struct imapurl){ .uid = 0 };
	if (cur_try(&c, "imap://") && !read_server(&c, a, u))
		return false;
	if (!cur_try_byte(&c, '/') && u->host.p != NULL)
		return false;
	return read_mailbox(&c, a, u) && read_message(&c, a, u);
}
