/* SPDX-License-Identifier: ISC */
/* A set of UIDs, as ranges: 8 bytes for each. */
#ifndef MAILDIR_UIDSET_H
#define MAILDIR_UIDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct buf;

struct uidrange {
	uint32_t lo, hi;
};

/* Zero it before. */
struct uidset {
	struct uidrange *v; /* ascending, apart from each other */
	size_t n, cap;
};

enum { UIDSET_RANGES_MAX = 1 << 20 };

void uidset_fini(struct uidset *s);
bool uidset_has(const struct uidset *s, uint32_t uid);
/* LO to HI.  False: there would be more than UIDSET_RANGES_MAX, and nothing is
 * changed. */
bool uidset_add(struct uidset *s, uint32_t lo, uint32_t hi);
bool uidset_del(struct uidset *s, uint32_t lo, uint32_t hi);
/* "1:40,44" */
void uidset_put(const struct uidset *s, struct buf *out);
/* All of TEXT is added (SIGN '+') or taken away ('-'); false: it is no set, of
 * which a part may have been taken. */
bool uidset_apply(struct uidset *s, char sign, struct slice text);

#endif
