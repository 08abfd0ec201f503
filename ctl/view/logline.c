/* SPDX-License-Identifier: ISC */
#include "ctl/view/logline.h"

#include "base/ascii.h"
#include "base/cur.h"
#include "base/hex.h"
#include "base/utf8_put.h"
#include "ctl/view/out.h"

static unsigned
hex4(struct cur *c)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++) {
		const int d = hex_digit((char)cur_byte(c));

		if (d == -1)
			cur_fail(c);
		else
			v = v << 4 | (unsigned)d;
	}
	return v;
}

/* A quoted string; C stands behind its opening quote. */
static struct slice
quoted(struct cur *c, struct arena *a)
{
	char *to = arena_alloc(a, cur_left(c) + 4);
	size_t n = 0;

	for (;;) {
		int b = cur_byte(c);

		if (b == -1 || b == '"')
			break;
		if (b != '\\') {
			to[n++] = (char)b;
			continue;
		}
		b = cur_byte(c);
		if (b == 'n')
			to[n++] = '\n';
		else if (b == 'u')
			n += utf8_format(to + n, hex4(c));
		else if (b != -1)
			to[n++] = (char)b;
	}
	return slice_of(to, n);
}

static bool
is_key(char c)
{
	return ascii_isalnum(c) || c == '_' || c == '-' || c == '.';
}

/* "smtpd/2": the third of its processes. */
static bool
is_daemon(char c)
{
	return is_key(c) || c == '/';
}

static bool
is_plain(char c)
{
	return c != ' ' && c != ',' && c != '}';
}

static bool
is_word(char c)
{
	return c != ' ';
}

static void
put(struct logline *l, struct slice key, struct slice value)
{
	if (l->n == LOGLINE_KEYS)
		return;
	l->keys[l->n] = key;
	l->values[l->n++] = value;
}

/* TIME name[pid] level: event key=value ... */
static bool
parse_logfmt(struct cur c, struct arena *a, struct logline *l)
{
	l->time = cur_while(&c, is_word);
	if (slice_find(l->time, '[') < l->time.n) {
		/* The journal keeps the time itself. */
		c = cur_of(slice_of(l->time.p, (size_t)(c.end - l->time.p)));
		l->time.n = 0;
	} else {
		cur_lit(&c, " ");
	}
	l->daemon = cur_while(&c, is_daemon);
	cur_lit(&c, "[");
	l->pid = cur_while(&c, ascii_isdigit);
	cur_lit(&c, "] ");
	l->level = cur_while(&c, ascii_isalpha);
	cur_lit(&c, ": ");
	l->event = cur_while(&c, is_word);
	while (cur_try_byte(&c, ' ')) {
		const struct slice key = cur_while(&c, is_key);

		cur_lit(&c, "=");
		put(l, key,
		    cur_try_byte(&c, '"') ? quoted(&c, a)
					  : cur_while(&c, is_word));
	}
	return cur_end(&c) && l->event.n > 0;
}

static bool
parse_json(struct cur c, struct arena *a, struct logline *l)
{
	cur_lit(&c, "{");
	do {
		struct slice key, value;

		cur_lit(&c, "\"");
		key = quoted(&c, a);
		cur_lit(&c, ":");
		value = cur_try_byte(&c, '"') ? quoted(&c, a)
					      : cur_while(&c, is_plain);
		if (slice_is(key, "time"))
			l->time = value;
		else if (slice_is(key, "daemon") && l->daemon.n == 0)
			l->daemon = value;
		else if (slice_is(key, "pid") && l->pid.n == 0)
			l->pid = value;
		else if (slice_is(key, "level") && l->level.n == 0)
			l->level = value;
		else if (slice_is(key, "event") && l->event.n == 0)
			l->event = value;
		else
			put(l, key, value);
	} while (cur_try_byte(&c, ','));
	cur_lit(&c, "}");
	return cur_end(&c) && l->event.n > 0;
}

bool
logline_parse(struct slice line, struct arena *a, struct logline *l)
{
	const struct cur c = cur_of(slice_trim(line));

	*l = (struct logline){ .n = 0 };
	return cur_peek(&c) == '{' ? parse_json(c, a, l)
				   : parse_logfmt(c, a, l);
}

/* Ours has no name of a host in it: TIME name[pid] level: event. */
bool
logline_is_syslog(struct slice line)
{
	struct slice rest;
	const struct slice time = slice_cut(line, ' ', &rest);
	const struct slice host = slice_cut(rest, ' ', &rest);
	const struct slice tag = slice_cut(rest, ' ', &rest);

	return time.n > 0 && ascii_isdigit(time.p[0]) && host.n > 0 &&
	       slice_find(host, '[') == host.n && slice_ends(tag, SLICE("]:"));
}

struct slice
logline_without_journal(struct slice line, struct slice *time)
{
	struct slice rest;
	const size_t at = slice_search(line, SLICE("]: "));

	*time = slice_cut(line, ' ', &rest);
	return at < line.n ? slice_from(line, at + 3) : line;
}

struct slice
logline_get(const struct logline *l, const char *key)
{
	for (size_t i = 0; i < l->n; i++)
		if (slice_is(l->keys[i], key))
			return l->values[i];
	return (struct slice){ NULL, 0 };
}

static void
json_pair(struct buf *b, const char *key, struct slice value)
{
	if (value.n == 0)
		return;
	buf_addf(b, "%s\"%s\":", b->p[b->n - 1] == '{' ? "" : ",", key);
	out_json(b, value);
}

void
logline_json(struct buf *b, const struct logline *l)
{
	buf_addc(b, '{');
	json_pair(b, "time", l->time);
	json_pair(b, "daemon", l->daemon);
	json_pair(b, "pid", l->pid);
	json_pair(b, "level", l->level);
	json_pair(b, "event", l->event);
	for (size_t i = 0; i < l->n; i++) {
		buf_addc(b, ',');
		out_json(b, l->keys[i]);
		buf_addc(b, ':');
		out_json(b, l->values[i]);
	}
	buf_addc(b, '}');
}
