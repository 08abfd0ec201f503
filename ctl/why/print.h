/* SPDX-License-Identifier: ISC */
/* The answer of pabal queue why for people: what was added so far, on stdout.
 */
#ifndef CTL_WHY_PRINT_H
#define CTL_WHY_PRINT_H

#include "base/slice.h"
#include "ctl/view/qcause.h"

struct why;

void why_print_flush(struct why *w);
/* The place, and where new mail goes; not in JSON. */
void why_print_head(struct why *w);
/* What waits for the place. */
void why_print_place(struct why *w, enum qcause c);
void why_print_site(struct why *w, struct slice name, enum qcause c,
    const struct qsite *s, const struct qtally *t);
void why_print_end(struct why *w);

#endif
