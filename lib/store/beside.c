/* SPDX-License-Identifier: ISC */
#include "store/beside.h"

#include <fcntl.h>

#include "index/index.h"
#include "index/tx.h"
#include "store/handle.h"
#include "store/inner.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

int
account_beside_open(
    struct account *a, int *dirfd, uint64_t *build, struct err *err)
{
	*dirfd = -1;
	if (handle_enter(a, err) == -1)
		return -1;
	*dirfd = openat(a->ix.fd, INDEX_DIR, DIR_FLAGS);
	if (*dirfd == -1)
		return err_sys(err, ERR_TEMP, "open " INDEX_DIR);
	*build = a->builds;
	return 0;
}

bool
account_beside_is_old(struct account *a, uint64_t build, struct err *err)
{
	return handle_enter(a, err) == -1 || a->builds != build;
}

int
account_beside_change(struct account *a,
    int (*change)(void *arg, struct err *err), void *arg, struct err *err)
{
	struct tx tx;
	int rc;

	if (handle_begin(a, 0, &tx, err) == -1)
		return -1;
	rc = change(arg, err);
	if (tx_commit(&tx, rc == 0 ? err : NULL) == -1)
		return -1;
	return rc;
}
