/* SPDX-License-Identifier: ISC */
/* Scripts as their author brings them: what they may be, and whether they are
 * right. */
#ifndef SIEVESTORE_UPLOAD_H
#define SIEVESTORE_UPLOAD_H

#include <stdbool.h>

#include "base/slice.h"
#include "sieve/lang.h"
#include "sievestore/place.h"
#include "sievestore/scripts.h"

struct shared_conf;
struct sieve_report;

/* What CONF allows. */
struct sievestore_limits sievestore_upload_limits(
    const struct shared_conf *conf);
/* The language of scripts here. */
struct sieve_lang sievestore_upload_lang(const struct shared_conf *conf);
/* Is TEXT a script by CONF?  Its errors and warnings go to REPORT, those of
 * what it includes not; S is asked for these, or nobody when it is NULL. */
bool sievestore_upload_compiles(const struct sievestore *s,
    const struct shared_conf *conf, struct slice name, struct slice text,
    struct sieve_report *report);

#endif
