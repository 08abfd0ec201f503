/* SPDX-License-Identifier: ISC */
/* How much is logged, and in which form. */
#ifndef LOG_LEVEL_H
#define LOG_LEVEL_H

#include "base/words.h"

/* clang-format off */
#define LOG_LEVELS(W) \
	W(LOG_LVL_ERR, "error") W(LOG_LVL_WARN, "warn") \
	W(LOG_LVL_INFO, "info") W(LOG_LVL_DEBUG, "debug")
#define LOG_FORMATS(W) W(LOG_LOGFMT, "logfmt") W(LOG_JSON, "json")
/* clang-format on */
enum log_level { LOG_LEVELS(WORDS_ID) };
enum log_format { LOG_FORMATS(WORDS_ID) };

#endif
