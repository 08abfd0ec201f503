/* SPDX-License-Identifier: ISC */
#include "store/boxfiles.h"

#include "maildir/boxfile.h"
#include "store/inner.h"
#include "sys/fd.h"

int
boxfiles_put(
    struct account *a, int dirfd, const struct boxfile *f, struct err *err)
{
	const bool together = a->gathers && a->boxfiles > 0;

	a->boxfiles++;
	return (together ? boxfile_put : boxfile_write)(dirfd, f, err);
}

void
boxfiles_gather(struct account *a)
{
	a->gathers = true;
	a->boxfiles = 0;
}

int
boxfiles_settle(struct account *a, struct err *err)
{
	a->gathers = false;
	return a->boxfiles > 1 ? fd_sync_fs(a->ix.fd, err) : 0;
}
