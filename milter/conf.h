/* SPDX-License-Identifier: ISC */
/* milter.conf */
#ifndef MILTER_CONF_H
#define MILTER_CONF_H

#include "base/words.h"
#include "conf/shared.h"

#define MILTER_UNAVAILABLES(W)                                                 \
	W(MILTER_UNAVAILABLE_ACCEPT, "accept")                                 \
	W(MILTER_UNAVAILABLE_DEFER, "defer")                                   \
	W(MILTER_UNAVAILABLE_REJECT, "reject")
enum milter_unavailable { MILTER_UNAVAILABLES(WORDS_ID) };

struct milter_conf {
	struct shared_conf shared;
#include "conf/members.h"
#include "milter/params.def" /* IWYU pragma: keep */
};

extern const struct conf_desc milter_conf_desc;
/* The configuration that counts now. */
extern const struct milter_conf *milter_conf;

#endif
