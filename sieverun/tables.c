/* SPDX-License-Identifier: ISC */
#include "sieverun/tables.h"

#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "mime/charset.h"
#include "sieverun/charsets.h"

enum { TABLES_MAX = 256 };

struct tables_range {
	uintptr_t begin, end; /* whole pages */
};

static struct tables_range tables[TABLES_MAX];
static size_t ntables;
static char directory[4096]; /* they are all in one */
static bool lacking;

static int
on_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	struct tables_range t = { UINTPTR_MAX, 0 };

	(void)size;
	(void)arg;
	if (strstr(info->dlpi_name, "/gconv/") == NULL ||
	    ntables == ARRAY_LEN(tables))
		return 0;
	snprintf(directory, sizeof directory, "%.*s",
	    (int)(strrchr(info->dlpi_name, '/') - info->dlpi_name),
	    info->dlpi_name);
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		const uintptr_t at = info->dlpi_addr + h->p_vaddr;

		if (h->p_type != PT_LOAD)
			continue;
		if (at < t.begin)
			t.begin = at & ~(page - 1);
		if (at + h->p_memsz > t.end)
			t.end = (at + h->p_memsz + page - 1) & ~(page - 1);
	}
	if (t.begin < t.end)
		tables[ntables++] = t;
	return 0;
}

/* What is not mapped between the parts of an object is no matter. */
static void
advise(int advice)
{
	for (size_t i = 0; i < ntables; i++)
		(void)madvise((void *)tables[i].begin,
		    tables[i].end - tables[i].begin, advice);
}

static void
find(void)
{
	ntables = 0;
#ifndef PABAL_SANITIZE
	(void)dl_iterate_phdr(on_object, NULL);
#endif
	if (ntables > 0)
		(void)charsets_read(directory);
}

void
tables_load(void)
{
	lacking = false;
	charset_preload(false);
	find();
	advise(MADV_DONTFORK);
}

void
tables_forgo(void)
{
	/* Where they are says one of them. */
	struct charset *one = charset_open(SLICE("koi8-r"));

	lacking = true;
	find();
	advise(MADV_DONTFORK);
	charset_close(&one);
}

pid_t
tables_fork(bool with)
{
	pid_t pid;

	with = with && !lacking;
	if (with)
		advise(MADV_DOFORK);
	pid = fork();
	if (pid == 0) {
		if (!with && (ntables > 0 || lacking))
			charset_forgo(charsets_has);
		return 0;
	}
	if (with)
		advise(MADV_DONTFORK);
	return pid;
}
