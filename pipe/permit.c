/* SPDX-License-Identifier: ISC */
#include "pipe/permit.h"

#include "pipe/aliases.h"
#include "pipe/conf.h"
#include "pipe/environ.h"
#include "pipe/written.h"

enum found
permit_find(const struct owner *owner, const struct aliases *aliases,
    struct slice address, struct slice target, struct err *err)
{
	const enum found found = owner->is_person
				     ? written_find(owner->home, target, err)
				     : aliases_find(aliases, &pipe_conf->shared,
					   address, target, err);

	if (found == ABSENT)
		err_set(err, ERR_TEMP,
		    owner->is_person ? "the owner's .forward does not name it"
				     : "no alias of the address names it");
	return found;
}
