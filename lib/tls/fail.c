/* SPDX-License-Identifier: ISC */
#include "tls/fail.h"

#include <openssl/err.h>

int
tls_fail(struct err *err, enum err_class class, const char *what)
{
	const char *data = "";
	int flags = 0;
	const unsigned long e =
	    ERR_peek_error_all(NULL, NULL, NULL, &data, &flags);
	const char *reason = e != 0 ? ERR_reason_error_string(e) : NULL;

	if ((flags & ERR_TXT_STRING) == 0)
		data = "";
	if (reason == NULL)
		err_set(err, class, "%s", what);
	else
		err_set(err, class, "%s: %s%s%s", what, reason,
		    *data != '\0' ? ": " : "", data);
	ERR_clear_error();
	return -1;
}
