/* SPDX-License-Identifier: ISC */
#include "log/log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/must.h"
#include "base/utf8.h"

/* A line is cut to this, its end included; more collected is written. */
enum { LINE_MAX_BYTES = 4096, LINE_END_BYTES = 4, COLLECT_BYTES = 32768 };

static struct {
	char name[32];
	int pid; /* getpid costs a system call, and a line each */
	enum log_format format;
	enum log_level level;
	bool journal;
	struct buf out;
} log_state = { .level = LOG_LVL_INFO,
	.out = { .max = COLLECT_BYTES + 2 * LINE_MAX_BYTES } };

void
log_init(const char *name, unsigned index)
{
	log_state.pid = (int)getpid();
	if (index > 0)
		snprintf(log_state.name, sizeof log_state.name, "%.20s/%u",
		    name, index);
	else
		snprintf(log_state.name, sizeof log_state.name, "%.20s", name);
	must_hook = log_flush;
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

void
log_flush(void)
{
	if (log_state.out.n > 0)
		(void)!write(2, log_state.out.p, log_state.out.n);
	buf_reset(&log_state.out);
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
	const size_t max = LINE_MAX_BYTES - LINE_END_BYTES;

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
		const bool c1 =
		    n == 2 && c == 0xc2 && (unsigned char)s.p[1] < 0xa0;

		if (c == '"' || c == '\\')
			buf_addf(b, "\\%c", c);
		else if (c == '\n')
			buf_adds(b, "\\n");
		else if (c < 0x20 || c == 0x7f || n == 0)
			buf_addf(b, "\\u%04x", c);
		else if (c1)
			buf_addf(b, "\\u%04x", (unsigned char)s.p[1]);
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
add_logfmt(struct buf *b, enum log_level level, const char *event,
    const struct kv *kvs)
{
	static const char *const words[] = { "error", "warning", "info",
		"debug" };
	static const int priorities[] = { 3, 4, 6, 7 };

	if (log_state.journal)
		buf_addf(b, "<%d>", priorities[level]);
	else {
		add_time(b);
		buf_addc(b, ' ');
	}
	buf_addf(b, "%s[%d] %s: %s", log_state.name, log_state.pid,
	    words[level], event);
	for (; kvs->key != NULL && fits(b, kvs->key); kvs++) {
		buf_addf(b, " %s=", kvs->key);
		add_value(b, kvs);
	}
	buf_addc(b, '\n');
}

static void
add_json(struct buf *b, enum log_level level, const char *event,
    const struct kv *kvs)
{
	static const char *const words[] = { "error", "warning", "info",
		"debug" };

	buf_adds(b, "{\"time\":\"");
	add_time(b);
	buf_addf(b,
	    "\",\"daemon\":\"%s\",\"pid\":%d,\"level\":\"%s\","
	    "\"event\":\"%s\"",
	    log_state.name, log_state.pid, words[level], event);
	for (; kvs->key != NULL && fits(b, kvs->key); kvs++) {
		buf_addf(b, ",\"%s\":", kvs->key);
		add_value(b, kvs);
	}
	buf_adds(b, "}\n");
}

void
log_event(enum log_level level, const char *event, const struct kv *kvs)
{
	struct buf line;

	if (!log_wants(level))
		return;
	if (log_state.out.n > COLLECT_BYTES)
		log_flush();
	buf_init(&line, LINE_MAX_BYTES);
	if (log_state.format == LOG_JSON)
		add_json(&line, level, event, kvs);
	else
		add_logfmt(&line, level, event, kvs);
	must(!line.failed);
	buf_add(&log_state.out, buf_slice(&line));
	buf_fini(&line);
	if (level <= LOG_LVL_WARN)
		log_flush();
}
