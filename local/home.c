/* SPDX-License-Identifier: ISC */
#include "local/home.h"

static struct slice home_name;
static int home_fd = -1;

void
home_set(struct slice user, int dir)
{
	home_name = user;
	home_fd = dir;
}

struct slice
home_user(void)
{
	return home_name;
}

int
home_dir(void)
{
	return home_fd;
}
