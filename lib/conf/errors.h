/* SPDX-License-Identifier: ISC */
/* The mistakes found in configuration files, in the order they were found. */
#ifndef CONF_ERRORS_H
#define CONF_ERRORS_H

#include <stddef.h>

#include "base/buf.h"

struct conf_error {
	char *file;
	unsigned line; /* from 1; 0: the file as a whole */
	char *text;    /* what is wrong and what was expected */
};

/* Zeroed is empty. */
struct conf_errors {
	struct conf_error *v;
	size_t n;
	size_t more; /* that were found behind them */
};

void conf_errors_add(struct conf_errors *e, const char *file, unsigned line,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* One line each: "file:line: text"; "and N more" at last. */
void conf_errors_format(const struct conf_errors *e, struct buf *out);
void conf_errors_fini(struct conf_errors *e);

#endif
