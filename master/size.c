/* SPDX-License-Identifier: ISC */
#include "master/size.h"

#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "ipc/role_facts.h"
#include "sys/addr.h"

enum {
	SESSION_BYTES = 64 << 10, /* planned for a session, kernel included */
	FDS_A_SESSION = 3,
	MAX_SESSIONS = 50000,
	MAX_AUTO = 16,
	PROCESS_BYTES = 512 << 10, /* planned for one that serves an account */
	FDS_A_PROCESS = 8, /* of master's, connections being made included */
	MAX_SERVING = 50000,
	LEAST_SERVING = 100,
};

/* Are its clients few: users with a password, or this host's own programs?
 * Then one process is plenty unless the machine is large. */
static bool
has_few_clients(const struct service_conf *s)
{
	if (s->protocol != SERVICE_NONE && s->protocol != SERVICE_SMTP)
		return true;
	for (size_t i = 0; i < s->nlisteners; i++)
		if (!addr_is_unix(&s->listeners[i]))
			return false;
	return s->nlisteners > 0;
}

unsigned
size_processes(const struct service_conf *s)
{
	const enum role role = role_find(slice_str(s->daemon));
	static long cpus; /* read once: it is asked for at each start */
	unsigned n;

	if (cpus == 0)
		cpus = sysconf(_SC_NPROCESSORS_ONLN);
	n = cpus > 0 ? (unsigned)cpus : 1;

	if (role == ROLE_COUNT)
		return 0;
	if (role_facts(role)->number == NUMBER_ONE)
		return 1;
	if (s->processes > 0)
		return s->processes;
	if (role_facts(role)->number == NUMBER_FEW || has_few_clients(s))
		n = (n + 3) / 4;
	return n > MAX_AUTO ? MAX_AUTO : n;
}

uint64_t
size_sessions_by_files(void)
{
	struct rlimit files = { 1024, 1024 };

	(void)getrlimit(RLIMIT_NOFILE, &files);
	return files.rlim_max / FDS_A_SESSION;
}

unsigned
size_sessions(const struct service_conf *s)
{
	const long pages = sysconf(_SC_PHYS_PAGES);
	const long page = sysconf(_SC_PAGESIZE);
	uint64_t by_memory, by_files;

	if (s->max_sessions > 0)
		return s->max_sessions;
	by_memory = pages > 0 && page > 0
			? (uint64_t)pages * (uint64_t)page / 4 / SESSION_BYTES
			: 1000;
	by_files = size_sessions_by_files();
	if (by_files < by_memory)
		by_memory = by_files;
	return by_memory > MAX_SESSIONS ? MAX_SESSIONS : (unsigned)by_memory;
}

unsigned
size_serving(const struct master_conf *conf)
{
	const long pages = sysconf(_SC_PHYS_PAGES);
	const long page = sysconf(_SC_PAGESIZE);
	struct rlimit procs;
	uint64_t n = MAX_SERVING;

	if (conf->max_processes > 0)
		return conf->max_processes;
	if (pages > 0 && page > 0)
		n = (uint64_t)pages * (uint64_t)page / 4 / PROCESS_BYTES;
	if (n > size_sessions_by_files() * FDS_A_SESSION / FDS_A_PROCESS)
		n = size_sessions_by_files() * FDS_A_SESSION / FDS_A_PROCESS;
	/* Those of the virtual users share a uid. */
	if (getrlimit(RLIMIT_NPROC, &procs) == 0 &&
	    procs.rlim_cur != RLIM_INFINITY && n > procs.rlim_cur / 2)
		n = procs.rlim_cur / 2;
	if (n < LEAST_SERVING)
		n = LEAST_SERVING;
	return n > MAX_SERVING ? MAX_SERVING : (unsigned)n;
}
