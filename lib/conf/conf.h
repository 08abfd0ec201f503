/* SPDX-License-Identifier: ISC */
/*
 * Configuration files into a struct.  Every mistake of every file is
 * collected, so that an administrator mends them in one go; a struct comes out
 * only when there is none.
 *
 *   name = value            # a comment
 *   name = "a # in quotes"  quotes: \" \\ \n \t inside
 *   name = one two
 *       three               a line that begins with a blank goes on
 *   [service]               from here on for the service of that name only
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stddef.h>

#include "base/buf.h"
#include "base/slice.h"
#include "conf/errors.h"
#include "conf/param.h"

/* The content of one file.  NAME is as messages should show it; a file whose
 * last component is pabal.conf may set the shared facts only. */
struct conf_text {
	const char *name;
	struct slice body;
};

/* Load defaults, then the TEXTS in order; later ones win.  0 and a struct of
 * type D in *CONF (free with conf_free), or -1, *CONF NULL and each mistake
 * added to ERRORS. */
int conf_load(const struct conf_desc *d, const struct conf_text *texts,
    size_t n, void **conf, struct conf_errors *errors);
/* The same with what stands in sections [SERVICE] put on top; NULL: none. */
int conf_load_service(const struct conf_desc *d, const char *service,
    const struct conf_text *texts, size_t n, void **conf,
    struct conf_errors *errors);
/* Wipes secrets.  Accepts a pointer to NULL; leaves NULL. */
void conf_free(void **conf);

/* Add the value of P in CONF as it would stand in a file. */
void conf_format(const struct conf_param *p, const void *conf, struct buf *out);

#endif
