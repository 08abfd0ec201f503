/* SPDX-License-Identifier: ISC */
/* What the DNS shows of this host's DKIM keys, as the lookup daemon finds it.
 */
#ifndef CTL_SIGN_SHOWN_H
#define CTL_SIGN_SHOWN_H

#include "base/err.h"
#include "ctl/inst/instance.h"
#include "ctl/sign/signkeys.h"

enum shown {
	SHOWN_YES,
	SHOWN_NO,      /* there is no record */
	SHOWN_OTHER,   /* there is one, with another key */
	SHOWN_UNKNOWN, /* pabal does not run, or the DNS does not answer */
};

/* Look for each of KEYS; V has KEYS->n places. */
void shown_ask(
    const struct instance *in, const struct signkeys *keys, enum shown *v);
/* Is KEYS->v[I] one with which mail is signed now? */
bool shown_is_used(const struct signkeys *keys, const enum shown *v, size_t i);
/* "yes", "no", "another key", "unknown" */
const char *shown_word(enum shown s);

#endif
