/* SPDX-License-Identifier: ISC */
/* What loading a daemon's file and master.conf have in common. */
#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include <stddef.h>

#include "base/arena.h"
#include "conf/errors.h"
#include "conf/lex.h"
#include "conf/param.h"

/* Set every parameter of D and its base in CONF to its default. */
void conf_load_defaults(const struct conf_desc *d, struct arena *a, void *conf);
/* Set what item I of FILE says; mistakes (unknown name, bad value, a second
 * time in its section) go to ERRORS. */
void conf_load_item(const struct conf_desc *d, const char *file,
    const struct conf_items *items, size_t i, struct arena *a, void *conf,
    struct conf_errors *errors);
/* Fill in the shared facts whose default is taken from the host or from each
 * other, and check those that are domains. */
void conf_load_finish(
    struct arena *a, void *shared, struct conf_errors *errors);

#endif
