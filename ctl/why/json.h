/* SPDX-License-Identifier: ISC */
/* The answer of pabal queue why for programs, one object, into w->out. */
#ifndef CTL_WHY_JSON_H
#define CTL_WHY_JSON_H

#include "base/slice.h"
#include "ctl/view/qcause.h"

struct why;

void why_json_place(struct why *w, enum qcause c);
void why_json_site(struct why *w, struct slice name, enum qcause c,
    const struct qsite *s, const struct qtally *t);
void why_json_end(struct why *w);

#endif
