/* SPDX-License-Identifier: ISC */
/* Starting a program: the only exec of pabal. */
#ifndef SYS_SPAWN_H
#define SYS_SPAWN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * Run PATH with ARGV and ENVP; FDS[i] becomes fd i there (-1: /dev/null) and
 * nothing else stays open.  Signals are unblocked and at their defaults.
 * The pid, or -1.  A program that cannot be executed exits with 127.
 */
pid_t spawn_program(const char *path, char *const argv[], char *const envp[],
    const int *fds, size_t nfds, struct err *err);

/* What a program that is none of ours may use; 0: no limit but ours. */
struct spawn_limits {
	int64_t data_bytes; /* RLIMIT_DATA: memory that it writes to */
	uint32_t processes; /* RLIMIT_NPROC: of its uid, with others' */
};

/* The same for such a program: it leads a session and process group of its own,
 * so that kill(-pid) reaches all it starts, and has the usual limit of open
 * files.  It cannot raise its limits. */
pid_t spawn_guest(const char *path, char *const argv[], char *const envp[],
    const int *fds, size_t nfds, const struct spawn_limits *limits,
    struct err *err);

/* Become PATH instead: fds 0 to 2 stay, the others close.  Returns only when
 * that cannot be. */
int spawn_replace(
    const char *path, char *const argv[], char *const envp[], struct err *err);

#endif
