/* SPDX-License-Identifier: ISC */
/* Small work on file descriptors that would be written again in each room. */
#ifndef SYS_FD_H
#define SYS_FD_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* Write all of S to a blocking fd (at OFF); -1 with ERR_TEMP. */
int fd_write_all(int fd, struct slice s, struct err *err);
int fd_pwrite_all(int fd, struct slice s, int64_t off, struct err *err);
/* Read exactly N bytes at OFF; fewer is an error (ERR_TEMP). */
int fd_pread_all(int fd, char *p, size_t n, int64_t off, struct err *err);
/* Append the whole file from its start to OUT; -1 when OUT's max is passed. */
int fd_read_file(int fd, struct buf *out, struct err *err);
/* The same from where it stands: what a pipe gives until its end. */
int fd_read_rest(int fd, struct buf *out, struct err *err);

int fd_sync(int fd, struct err *err);
/* All of FD's file system; -1 with EROFS where an error has made it so. */
int fd_syncfs(int fd);
int fd_sync_fs(int fd, struct err *err);
/* The entry of the directory FD in one that is out of reach: syncfs, or, where
 * there is none, fsync of FD, which takes the entry of a new one along. */
int fd_sync_entry(int fd);
/* Give FROM/NAME the name TO/NEW, which must not exist (EEXIST): -1 and errno,
 * and the old name alone is there.  Where the file system cannot do it in one
 * step, a crash may leave both names for one file. */
int fd_rename_new(int from, const char *name, int to, const char *new);
int fd_nonblock(int fd, struct err *err);
/* Another descriptor of the same; -1 and errno. */
int fd_dup(int fd);
/* Close *FD if it is open and leave -1 there; errno is kept. */
void fd_close(int *fd);

#endif
