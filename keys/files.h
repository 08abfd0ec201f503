/* SPDX-License-Identifier: ISC */
/* The files a key ring may be made of. */
#ifndef KEYS_FILES_H
#define KEYS_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct keys_files {
	char **names; /* beneath the directory, sorted */
	size_t n;
	uint64_t stamp; /* changes with any of names, sizes, times */
};

/* List; -1 (ERR_TEMP; errno is kept) when the directory cannot be read. */
int keys_files_list(int dirfd, struct keys_files *files, struct err *err);
void keys_files_fini(struct keys_files *files);
/* Append the content of NAME to OUT. */
int keys_files_read(
    int dirfd, const char *name, struct buf *out, struct err *err);

#endif
