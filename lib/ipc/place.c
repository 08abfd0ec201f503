/* SPDX-License-Identifier: ISC */
#include "ipc/place.h"

struct slice
place_of(struct slice home, enum isolation isolation)
{
	if (isolation == ISOLATION_ACCOUNT)
		return home;
	if (isolation == ISOLATION_DOMAIN)
		return slice_sub(home, 0, slice_find(home, '/'));
	return slice_sub(home, 0, 0);
}

bool
place_rest(struct slice place, struct slice home, struct slice *rest)
{
	*rest = home;
	if (place.n == 0)
		return true;
	if (!slice_starts(home, place))
		return false;
	*rest = slice_from(home, place.n);
	if (rest->n == 0) {
		*rest = SLICE(".");
		return true;
	}
	if (rest->p[0] != '/')
		return false;
	*rest = slice_from(*rest, 1);
	return rest->n > 0;
}
