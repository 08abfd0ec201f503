/* SPDX-License-Identifier: ISC */
/* Lines of key=value words, as daemons answer. */
#ifndef CTL_VIEW_FIELDS_H
#define CTL_VIEW_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;

/* The value of KEY in LINE, still escaped; empty when it is not there. */
struct slice fields_get(struct slice line, const char *key);
/* The same as a number; false when it is none. */
bool fields_num(struct slice line, const char *key, int64_t *v);
/* The value unescaped, in A; empty when it is not there, or wrong. */
struct slice fields_text(struct arena *a, struct slice line, const char *key);
/* The number; OTHERWISE when it is none. */
int64_t fields_num_or(struct slice line, const char *key, int64_t otherwise);

#endif
