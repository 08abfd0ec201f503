/* SPDX-License-Identifier: ISC */
/*
 * The log: one event a line, `event key=value …` on fd 2 (logfmt or JSON).
 * Event and key names are an interface, listed in the daemon's events.def.
 * Values are escaped here.  Lines are collected during a turn of the loop and
 * written at its end (log_flush), one write for many lines; warnings and
 * errors are written at once.  None waits for a reader of fd 2 (log/out.h).
 */
#ifndef LOG_LOG_H
#define LOG_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "log/level.h"

struct kv {
	const char *key; /* NULL ends the list */
	enum { KV_STR, KV_INT, KV_UINT } type;
	union {
		struct slice s;
		int64_t i;
		uint64_t u;
	};
};

static inline struct kv
kv_slice(const char *key, struct slice s)
{
	return (struct kv){ .key = key, .type = KV_STR, .s = s };
}

static inline struct kv
kv_s(const char *key, const char *s)
{
	return kv_slice(key, slice_str(s));
}

static inline struct kv
kv_u(const char *key, uint64_t u)
{
	return (struct kv){ .key = key, .type = KV_UINT, .u = u };
}

static inline struct kv
kv_i(const char *key, int64_t i)
{
	return (struct kv){ .key = key, .type = KV_INT, .i = i };
}

/* Write EVENT with its keys; KVS ends at a NULL key. */
void log_event(enum log_level level, const char *event, const struct kv *kvs);

/* clang-format off */
#define LOG_AT(level, event, ...)                                              \
	log_event((level), (event),                                            \
	    (const struct kv[]){ __VA_ARGS__ __VA_OPT__(,) { .key = NULL } })
#define log_err(event, ...)   LOG_AT(LOG_LVL_ERR, event __VA_OPT__(,) __VA_ARGS__)
#define log_warn(event, ...)  LOG_AT(LOG_LVL_WARN, event __VA_OPT__(,) __VA_ARGS__)
#define log_info(event, ...)  LOG_AT(LOG_LVL_INFO, event __VA_OPT__(,) __VA_ARGS__)
#define log_debug(event, ...)                                                  \
	(log_wants(LOG_LVL_DEBUG)                                              \
	    ? LOG_AT(LOG_LVL_DEBUG, event __VA_OPT__(,) __VA_ARGS__) : (void)0)
/* clang-format on */

bool log_wants(enum log_level level);

/* Who writes (copied), in which form, down to which level.  Sets must_hook. */
void log_init(const char *name, unsigned index);
void log_set(enum log_format format, enum log_level level);
/* Lines begin with "<N>" for the journal instead of a time. */
void log_for_journal(bool on);
/* Write out what was collected; false when some must wait. */
bool log_flush(void);

#endif
