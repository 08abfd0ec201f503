/* SPDX-License-Identifier: ISC */
#include "ctl/sign/signfirst.h"

#include <stddef.h>

#include "ctl/sign/signkeys.h"
#include "ctl/sign/srssecrets.h"

int
signfirst_make(const char *dir, const char *const *domains, struct err *err)
{
	if (srssecrets_make_first(dir, err) == -1)
		return -1;
	return domains != NULL ? signkeys_make_first(dir, domains, err) : 0;
}
