/* SPDX-License-Identifier: ISC */
#include "sys/sealed.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "sys/fd.h"

int
sealed_open_parts(const struct slice *parts, size_t n, struct err *err)
{
	const int seals =
	    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	int fd = memfd_create("text", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "memfd");
	for (size_t i = 0; i < n && fd != -1; i++)
		if (fd_write_all(fd, parts[i], err) == -1)
			fd_close(&fd);
	if (fd != -1 && fcntl(fd, F_ADD_SEALS, seals) == -1) {
		err_sys(err, ERR_TEMP, "seal a memfd");
		fd_close(&fd);
	}
	return fd;
}

int
sealed_open(struct slice text, struct err *err)
{
	return sealed_open_parts(&text, 1, err);
}
