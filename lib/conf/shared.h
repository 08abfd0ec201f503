/* SPDX-License-Identifier: ISC */
/* Facts that several daemons need (pabal.conf). */
#ifndef CONF_SHARED_H
#define CONF_SHARED_H

#include <stdbool.h>

#include "base/slice.h"
#include "conf/values.h"
#include "log/level.h"

struct conf_desc;

struct shared_conf {
#include "conf/members.h"
#include "conf/shared.def" /* IWYU pragma: keep */
};

enum { SHARED_DOMAIN_TABLES = 4 };
extern const struct conf_desc shared_conf_desc;

/* Is DOMAIN in the list itself?  Who can looks into the tables as well. */
bool shared_is_local(const struct shared_conf *s, struct slice domain);
/* The first domain that the list names, or the hostname. */
const char *shared_domain(const struct shared_conf *s);
/* Is WORD of the list a table, "cdb:NAME" or "text:NAME"? */
bool shared_is_table(const char *word);

#endif
