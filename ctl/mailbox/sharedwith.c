/* SPDX-License-Identifier: ISC */
#include "ctl/mailbox/sharedwith.h"

#include "maildir/aclfile.h"
#include "shares/shares.h"

bool
sharedwith(
    const struct acl_id *id, struct slice owner, struct shares_name *name)
{
	if (id->negative ||
	    (id->kind == ACL_USER && slice_ieq(id->name, owner)))
		return false;
	*name = (struct shares_name){ .kind = SHARES_USER, .name = id->name };
	if (id->kind == ACL_ANYONE || id->kind == ACL_AUTHENTICATED)
		*name = (struct shares_name){ .kind = SHARES_ANYONE,
			.name =
			    slice_from(owner, slice_rfind(owner, '@') + 1) };
	else if (id->kind != ACL_USER)
		return false;
	return true;
}
