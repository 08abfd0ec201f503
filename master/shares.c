/* SPDX-License-Identifier: ISC */
#include "master/shares.h"

#include "conf/master.h"
#include "master/master.h"

bool
shares_on(void)
{
	return master.conf->shared.sharing != SHARED_SHARING_NO;
}

bool
shares_abroad(void)
{
	return master.conf->shared.sharing == SHARED_SHARING_ALL;
}

const char *
shares_state(void)
{
	return master.state_dir;
}
