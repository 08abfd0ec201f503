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
	err->code = ERR_OTHER;
	vsnprintf(err->text, sizeof err->text, fmt, ap);
}

enum err_code
err_code_of(int error)
{
	if (error == ENOSPC || error == EDQUOT || error == EFBIG)
		return ERR_NO_SPACE;
	return error == EADDRINUSE ? ERR_IN_USE : ERR_OTHER;
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
err_set_code(struct err *err, enum err_class class, enum err_code code,
    const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return -1;
	va_start(ap, fmt);
	err_fill(err, class, fmt, ap);
	va_end(ap);
	err->code = code;
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
	err->code = err_code_of(saved);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof err->text - n, ": %s",
	    why != NULL ? why : "unknown error");
	errno = saved;
	return -1;
}
