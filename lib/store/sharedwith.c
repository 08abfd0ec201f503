/* SPDX-License-Identifier: ISC */
#include "store/sharedwith.h"

#include "maildir/aclfile.h"
#include "maildir/identifier.h"
#include "shares/shares.h"

bool
sharedwith(const struct acl_id *id, struct slice owner, struct arena *a,
    struct shares_name *name)
{
	const struct slice domain =
	    slice_from(owner, slice_rfind(owner, '@') + 1);

	if (id->negative)
		return false;
	switch (id->kind) {
	case ACL_ANYONE:
	case ACL_AUTHENTICATED:
		*name = (struct shares_name){ SHARES_ANYONE, domain };
		return true;
	case ACL_GROUP:
	case ACL_GROUP_OVERRIDE:
		*name = (struct shares_name){ SHARES_GROUP,
			identifier_full(id->name, domain, a) };
		return true;
	case ACL_USER:
		*name = (struct shares_name){ SHARES_USER,
			identifier_full(id->name, domain, a) };
		return !slice_ieq(name->name, owner);
	case ACL_OWNER:
	case ACL_KINDS:
		break;
	}
	return false;
}
