/* SPDX-License-Identifier: ISC */
#include "log/named.h"

#include <stdbool.h>
#include <string.h>

#include "base/ascii.h"
#include "base/cur.h"
#include "base/utf8.h"

/* Everything that is escaped six times as long still fits a line. */
enum { SAID_BYTES = 600 };

static bool
is_word(char c)
{
	return ascii_isalnum(c) || c == '_' || c == '-' || c == '.';
}

/* 2026-11-20T21:15:54.953076Z */
static struct slice
take_time(struct cur *c)
{
	static const char shape[] = "0000-00-00T00:00:00.000000Z";
	const struct slice s = cur_take(c, sizeof shape - 1);

	for (size_t i = 0; i < s.n; i++)
		if (shape[i] == '0' ? !ascii_isdigit(s.p[i])
				    : s.p[i] != shape[i])
			cur_fail(c);
	return s;
}

static struct slice
take_level(struct cur *c)
{
	const struct slice s = cur_while(c, is_word);

	if (!slice_is(s, "error") && !slice_is(s, "warning") &&
	    !slice_is(s, "info") && !slice_is(s, "debug"))
		cur_fail(c);
	return s;
}

static bool
is_printable(struct slice s)
{
	while (s.n > 0) {
		const unsigned char byte = (unsigned char)s.p[0];
		size_t n = 1;

		if (byte < 0x20 || byte == 0x7f)
			return false;
		if (byte >= 0x80) {
			n = utf8_len(s);
			if (n == 0 || utf8_is_control(utf8_code(s)))
				return false;
		}
		s = slice_from(s, n);
	}
	return true;
}

/* level: event key=value ... */
static bool
is_event(struct cur c)
{
	(void)take_level(&c);
	cur_lit(&c, ": ");
	return cur_while(&c, is_word).n > 0 && cur_ok(&c);
}

/* TIME level: event ..., or "<6>level: event ..." for the journal. */
static bool
add_logfmt(struct cur c, const struct log_writer *w, struct buf *out)
{
	const struct slice line = cur_rest(&c);
	struct slice head, rest;

	if (cur_try_byte(&c, '<')) {
		const int priority = cur_byte(&c);

		if (priority < '0' || priority > '7')
			return false;
		cur_lit(&c, ">");
	} else {
		(void)take_time(&c);
		cur_lit(&c, " ");
	}
	rest = cur_rest(&c);
	if (!is_event(c))
		return false;
	head = slice_sub(line, 0, line.n - rest.n);
	buf_add(out, head);
	buf_addf(out, "%s[%d] ", w->name, w->pid);
	buf_add(out, rest);
	buf_addc(out, '\n');
	return true;
}

static void
skip_string(struct cur *c)
{
	cur_lit(c, "\"");
	for (;;) {
		const int b = cur_byte(c);

		if (b == -1 || b == '"')
			return;
		if (b != '\\')
			continue;
		switch (cur_byte(c)) {
		case 'u':
			for (int i = 0; i < 4; i++)
				if (memchr("0123456789abcdefABCDEF",
					cur_byte(c), 22) == NULL)
					cur_fail(c);
			break;
		case '"':
		case '\\':
		case '/':
		case 'b':
		case 'f':
		case 'n':
		case 'r':
		case 't':
			break;
		default:
			cur_fail(c);
			return;
		}
	}
}

/* The rest of an object: ,"key":value ... } with keys of the event's own. */
static bool
is_json_rest(struct cur c)
{
	while (cur_try(&c, ",\"")) {
		const struct slice key = cur_while(&c, is_word);

		if (key.n == 0 || log_json_own(key))
			return false;
		cur_lit(&c, "\":");
		if (cur_peek(&c) == '"') {
			skip_string(&c);
			continue;
		}
		(void)cur_try_byte(&c, '-');
		if (cur_while(&c, ascii_isdigit).n == 0)
			return false;
	}
	cur_lit(&c, "}");
	return cur_end(&c);
}

/* {"time":"TIME","level":"info","event":"x",...} */
static bool
add_json(struct cur c, const struct log_writer *w, struct buf *out)
{
	struct slice time, rest;

	cur_lit(&c, "{\"time\":\"");
	time = take_time(&c);
	cur_lit(&c, "\",");
	rest = cur_rest(&c);
	cur_lit(&c, "\"level\":\"");
	(void)take_level(&c);
	cur_lit(&c, "\",\"event\":\"");
	if (cur_while(&c, is_word).n == 0)
		return false;
	cur_lit(&c, "\"");
	if (!cur_ok(&c) || !is_json_rest(c))
		return false;
	buf_adds(out, "{\"time\":\"");
	buf_add(out, time);
	buf_addf(out, "\",\"daemon\":\"%s\",\"pid\":%d,", w->name, w->pid);
	buf_add(out, rest);
	buf_addc(out, '\n');
	return true;
}

void
log_named(struct slice raw, const struct log_writer *w, struct buf *out)
{
	const struct cur c = cur_of(raw);

	if (raw.n == 0)
		return;
	if (raw.n < LOG_LINE_MAX && is_printable(raw) &&
	    (raw.p[0] == '{' ? add_json(c, w, out) : add_logfmt(c, w, out)))
		return;
	log_line(out, w, LOG_LVL_ERR, "proc.stderr",
	    (const struct kv[]){
		kv_slice("text", slice_sub(raw, 0, SAID_BYTES)),
		{ .key = NULL } });
}
