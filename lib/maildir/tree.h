/* SPDX-License-Identifier: ISC */
/* Directories, and removing what nobody needs any more. */
#ifndef MAILDIR_TREE_H
#define MAILDIR_TREE_H

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>

#define TREE_DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* The directory NAME in DIRFD, to be read from its start; NULL with errno. */
DIR *tree_opendir(int dirfd, const char *name);
/* Is nothing in the directory FD?  No where it cannot be read. */
bool tree_is_empty(int fd);
/* Remove NAME in DIRFD with all below it (a few levels); links are removed,
 * not followed. */
void tree_remove(int dirfd, const char *name);
/* Remove what begins with PREFIX below FD, no more than MAX files of it; true:
 * there are others. */
bool tree_remove_some(int fd, const char *prefix, unsigned max);
/* Remove files that were left in tmp/ for more than 36 hours. */
void tree_clean_tmp(int tmpfd);

#endif
