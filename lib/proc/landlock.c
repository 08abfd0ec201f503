/* SPDX-License-Identifier: ISC */
/* Raw calls: the C library has no wrappers, and the header of an older
 * distribution may lack what a newer kernel offers, so those are named here. */
#include "proc/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proc/sandbox.h"
#include "sys/kernel.h"
#include "sys/portset.h"

enum {
	FS_READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	FS_WRITE = LANDLOCK_ACCESS_FS_WRITE_FILE |
		   LANDLOCK_ACCESS_FS_REMOVE_DIR |
		   LANDLOCK_ACCESS_FS_REMOVE_FILE |
		   LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG,
	FS_ABI1 = (1 << 13) - 1,
	FS_REFER = 1 << 13,     /* ABI 2 */
	FS_TRUNCATE = 1 << 14,  /* ABI 3 */
	FS_IOCTL_DEV = 1 << 15, /* ABI 5 */
	NET_BIND = 1 << 0,      /* ABI 4 */
	NET_CONNECT = 1 << 1,
	SCOPE_ABSTRACT = 1 << 0, /* ABI 6 */
	SCOPE_SIGNAL = 1 << 1,
};

enum { RULE_NET_PORT = 2 };

struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

struct port_rule {
	uint64_t allowed;
	uint64_t port;
};

static size_t
ruleset_for(int abi, const struct sandbox *box, struct ruleset *r)
{
	*r = (struct ruleset){ .fs = FS_ABI1 };
	if (abi >= 2)
		r->fs |= FS_REFER;
	if (abi >= 3)
		r->fs |= FS_TRUNCATE;
	if (abi >= 5)
		r->fs |= FS_IOCTL_DEV;
	if (abi >= KERNEL_LANDLOCK_NET)
		r->net = NET_BIND | NET_CONNECT;
	if ((box->may & MAY_CONNECT) != 0 && box->ports == NULL)
		r->net = 0;
	if (abi >= KERNEL_LANDLOCK_SCOPE)
		r->scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
	if (abi >= KERNEL_LANDLOCK_SCOPE)
		return sizeof *r;
	return abi >= KERNEL_LANDLOCK_NET ? 16 : 8;
}

static int
allow_beneath(int ruleset, int dir, const struct sandbox *box, uint64_t handled,
    struct err *err)
{
	uint64_t access = 0;

	if ((box->may & (MAY_READ | MAY_WRITE)) != 0)
		access |= FS_READ;
	if ((box->may & MAY_WRITE) != 0)
		access |= FS_WRITE | FS_REFER | FS_TRUNCATE;
	if ((box->may & MAY_LINK) != 0)
		access |= LANDLOCK_ACCESS_FS_MAKE_SYM;
	const struct landlock_path_beneath_attr beneath = {
		.allowed_access = access & handled,
		.parent_fd = dir,
	};
	if (access == 0)
		return 0;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		&beneath, 0) == -1)
		return err_sys(err, ERR_PERM, "landlock rule");
	return 0;
}

static int
allow_ports(int ruleset, const struct port_set *ports, struct err *err)
{
	/* A socket may be of one of this host's addresses before it connects;
	 * its port is the kernel's choice, and nobody can listen. */
	const struct port_rule any = { NET_BIND, 0 };

	if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &any, 0) ==
	    -1)
		return err_sys(err, ERR_PERM, "landlock port");
	for (unsigned port = 0; port <= UINT16_MAX; port++) {
		const struct port_rule rule = { NET_CONNECT, port };

		if (port_set_has(ports, (uint16_t)port) &&
		    syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT,
			&rule, 0) == -1)
			return err_sys(err, ERR_PERM, "landlock port");
	}
	return 0;
}

int
landlock_enter(const struct sandbox *box, struct err *err)
{
	struct ruleset r;
	const int abi = kernel_landlock();
	size_t size;
	int fd;
	int rc = -1;

	/* Said once, by master, and by `pabal check`. */
	if (abi == 0)
		return 0;
	size = ruleset_for(abi, box, &r);
	fd = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
	if (fd == -1)
		return err_sys(err, ERR_PERM, "landlock");
	for (size_t i = 0; i < box->ndirs; i++)
		if (allow_beneath(fd, box->dirs[i], box, r.fs, err) == -1)
			goto out;
	if (r.net != 0 && (box->may & MAY_CONNECT) != 0 &&
	    allow_ports(fd, box->ports, err) == -1)
		goto out;
	if (syscall(SYS_landlock_restrict_self, fd, 0) == -1) {
		err_sys(err, ERR_PERM, "landlock");
		goto out;
	}
	rc = 0;
out:
	close(fd);
	return rc;
}
