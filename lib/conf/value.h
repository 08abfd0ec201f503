/* SPDX-License-Identifier: ISC */
/* The text of one value into a struct member and back. */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/slice.h"
#include "conf/param.h"

/* Parse TEXT as P's type into the member at P's offset in CONF; what it points
 * at comes from A.  ERR_PERM says what was expected. */
int conf_value_parse(const struct conf_param *p, struct slice text,
    struct arena *a, void *conf, struct err *err);
void conf_value_format(
    const struct conf_param *p, const void *conf, struct buf *out);

/* "10", "64K", "50M", "2G", "1T": bytes, K is 1024. */
bool conf_parse_size(struct slice text, int64_t *bytes);
/* "500ms", "10s", "5m", "2h", "4d", "1w", "1h30m"; bare digits are seconds. */
bool conf_parse_time(struct slice text, int64_t *ms);
void conf_format_size(int64_t bytes, struct buf *out);
void conf_format_time(int64_t ms, struct buf *out);

/* The next word of a list: blanks and commas stand between words, quotes
 * around one that holds them.  False at the end; C has failed when a quote is
 * not closed. */
bool conf_next_word(struct cur *c, struct arena *a, struct slice *word);

/* A name of RFC 1123, or of RFC 5890 in UTF-8: what may stand in a greeting,
 * behind an @ and in a file name. */
bool conf_is_domain(struct slice s);

/* "yes or no", "a time from 1s to 1h": what P takes, for people. */
void conf_expect(const struct conf_param *p, struct buf *out);

#endif
