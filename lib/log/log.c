/* SPDX-License-Identifier: ISC */
#include "log/log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/must.h"
#include "base/utf8.h"
#include "log/line.h"
#include "log/out.h"

enum { LINE_END_BYTES = 4 };

static const char *const level_words[] = { "error", "warning", "info",
	"debug" };

static struct {
	struct log_writer writer;
	bool unnamed;
	enum log_format format;
	enum log_level level;
	bool journal;
} log_state = { .level = LOG_LVL_INFO };

static const struct log_writer nobody;

struct log_writer
log_writer(const char *name, unsigned index, int pid)
{
	struct log_writer w = { .pid = pid };

	if (index > 0)
		snprintf(w.name, sizeof w.name, "%.20s/%u", name, index);
	else
		snprintf(w.name, sizeof w.name, "%.20s", name);
	return w;
}

static void
flush(void)
{
	(void)log_flush();
}

void
log_init(const char *name, unsigned index)
{
	log_state.writer = log_writer(name, index, (int)getpid());
	must_hook = flush;
}

void
log_unnamed(bool on)
{
	log_state.unnamed = on;
}

void
log_set(enum log_format format, enum log_level level)
{
	log_state.format = format;
	log_state.level = level;
}

void
log_for_journal(bool on)
{
	log_state.journal = on;
}

bool
log_wants(enum log_level level)
{
	return level <= log_state.level;
}

/* Does a logfmt value need quotes? */
static bool
needs_quotes(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isprint(s.p[i]) || s.p[i] == ' ' || s.p[i] == '"' ||
		    s.p[i] == '=' || s.p[i] == '\\')
			return true;
	return s.n == 0;
}

/* How much more the line may take, so that its end still fits. */
static size_t
room(const struct buf *b)
{
	const size_t max = LOG_LINE_MAX - LINE_END_BYTES;

	return b->n < max ? max - b->n : 0;
}

/* Escapes are the same in logfmt and JSON.  What is no UTF-8 is escaped byte
 * by byte, and so is what could move a terminal's cursor (C0, DEL, C1). */
static void
add_quoted(struct buf *b, struct slice s)
{
	buf_addc(b, '"');
	while (s.n > 0 && room(b) >= sizeof "\\u0000\"" - 1) {
		const size_t n = utf8_len(s);
		const unsigned c = (unsigned char)s.p[0];
		const uint32_t code = utf8_code(s);

		if (c == '"' || c == '\\')
			buf_addf(b, "\\%c", c);
		else if (c == '\n')
			buf_adds(b, "\\n");
		else if (c < 0x20 || c == 0x7f || n == 0)
			buf_addf(b, "\\u%04x", c);
		else if (utf8_is_control(code))
			buf_addf(b, "\\u%04x", code);
		else
			buf_add(b, slice_sub(s, 0, n));
		s = slice_from(s, n > 0 ? n : 1);
	}
	buf_addc(b, '"');
}

static void
add_value(struct buf *b, const struct kv *kv)
{
	if (kv->type == KV_UINT)
		buf_addu(b, kv->u);
	else if (kv->type == KV_INT)
		buf_addf(b, "%lld", (long long)kv->i);
	else if (log_state.format == LOG_JSON || needs_quotes(kv->s))
		add_quoted(b, kv->s);
	else
		buf_add(b, slice_sub(kv->s, 0, room(b)));
}

/* Does KEY with at least some of its value still fit? */
static bool
fits(const struct buf *b, const char *key)
{
	return room(b) >= strlen(key) + 40;
}

static void
add_time(struct buf *b)
{
	static time_t last;
	static char text[32];
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	const time_t s = now.tv_sec;
	if (s != last) {
		gmtime_r(&s, &tm);
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
		last = s;
	}
	buf_addf(b, "%s.%06dZ", text, (int)(now.tv_nsec / 1000));
}

static void
add_logfmt(struct buf *b, const struct log_writer *w, enum log_level level,
    const char *event, const struct kv *kvs)
{
	static const int priorities[] = { 3, 4, 6, 7 };

	if (log_state.journal)
		buf_addf(b, "<%d>", priorities[level]);
	else {
		add_time(b);
		buf_addc(b, ' ');
	}
	if (w->name[0] != '\0')
		buf_addf(b, "%s[%d] ", w->name, w->pid);
	buf_addf(b, "%s: %s", level_words[level], event);
	for (; kvs->key != NULL && fits(b, kvs->key); kvs++) {
		buf_addf(b, " %s=", kvs->key);
		add_value(b, kvs);
	}
	buf_addc(b, '\n');
}

bool
log_json_own(struct slice key)
{
	return slice_is(key, "time") || slice_is(key, "daemon") ||
	       slice_is(key, "pid") || slice_is(key, "level") ||
	       slice_is(key, "event");
}

static void
add_json(struct buf *b, const struct log_writer *w, enum log_level level,
    const char *event, const struct kv *kvs)
{
	buf_adds(b, "{\"time\":\"");
	add_time(b);
	if (w->name[0] != '\0')
		buf_addf(b, "\",\"daemon\":\"%s\",\"pid\":%d,\"level\":\"",
		    w->name, w->pid);
	else
		buf_adds(b, "\",\"level\":\"");
	buf_addf(b, "%s\",\"event\":\"%s\"", level_words[level], event);
	for (; kvs->key != NULL && fits(b, kvs->key); kvs++) {
		buf_addf(b, ",\"%s%s\":", kvs->key,
		    log_json_own(slice_str(kvs->key)) ? "_" : "");
		add_value(b, kvs);
	}
	buf_adds(b, "}\n");
}

void
log_line(struct buf *out, const struct log_writer *w, enum log_level level,
    const char *event, const struct kv *kvs)
{
	struct buf line;

	buf_init(&line, LOG_LINE_MAX);
	if (log_state.format == LOG_JSON)
		add_json(&line, w, level, event, kvs);
	else
		add_logfmt(&line, w, level, event, kvs);
	must(!line.failed);
	buf_add(out, buf_slice(&line));
	buf_fini(&line);
}

void
log_line_lost(struct buf *out, const struct log_writer *w, uint64_t lines)
{
	log_line(out, w, LOG_LVL_ERR, "log.lost",
	    (const struct kv[]){ kv_u("lines", lines), { .key = NULL } });
}

/* Whom our own lines name. */
static const struct log_writer *
self(void)
{
	return log_state.unnamed ? &nobody : &log_state.writer;
}

static void
put_line(enum log_level level, const char *event, const struct kv *kvs)
{
	struct buf line;

	buf_init(&line, LOG_LINE_MAX);
	log_line(&line, self(), level, event, kvs);
	log_out_add(buf_slice(&line));
	buf_fini(&line);
}

bool
log_flush(void)
{
	const bool all = log_out_flush();
	const uint64_t lost = all ? log_out_lost() : 0;
	struct buf line;

	if (lost == 0)
		return all;
	buf_init(&line, LOG_LINE_MAX);
	log_line_lost(&line, self(), lost);
	log_out_add(buf_slice(&line));
	buf_fini(&line);
	return log_out_flush();
}

void
log_event(enum log_level level, const char *event, const struct kv *kvs)
{
	if (!log_wants(level))
		return;
	put_line(level, event, kvs);
	if (level <= LOG_LVL_WARN)
		(void)log_flush();
}
