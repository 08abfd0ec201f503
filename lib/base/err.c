/* SPDX-License-Identifier: ISC */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 3, 0))) static void
err_fill(struct err *err, enum err_class class, const char *fmt, va_list ap)
{
	err->class = class;
	vsnprintf(err->text, sizeof err->text, fmt, ap);
}

int
err_set(struct err *err, enum err_class class, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, fmt);
	err_fill(err, class, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_sys(struct err *err, enum err_class class, const char *fmt, ...)
{
	const int saved = errno;
	const char *why = strerrordesc_np(saved);
	va_list ap;
	size_t n;

	if (err == NULL)
		return -1;
	va_start(ap, fmt);
	err_fill(err, class, fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof err->text - n, ": %s",
	    why != NULL ? why : "unknown error");
	errno = saved;
	return -1;
}
