/* SPDX-License-Identifier: ISC */
#include "milter/budget.h"

#include "milter/conf.h"

static size_t used;

bool
milter_budget_set(size_t *mine, size_t now)
{
	const size_t others = used - *mine;

	if (now > *mine &&
	    (now > (size_t)milter_conf->max_changed_size ||
		others > (size_t)milter_conf->max_changed_size - now))
		return false;
	used = others + now;
	*mine = now;
	return true;
}

void
milter_budget_free(size_t *mine)
{
	used -= *mine;
	*mine = 0;
}
