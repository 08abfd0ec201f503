/* SPDX-License-Identifier: ISC */
#include "proc/park.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ipc/channel.h"

#ifndef PABAL_SANITIZE /* whose malloc is another, and counts leaks */
enum {
	LARGEST = 64 << 10,      /* bytes of a hole */
	STACK_BYTES = 256 << 10, /* as deep as calls go, and more */
	RED_ZONE = 4096,
};

/* Pieces of SIZE while they come from below TOP. */
static void
fill(size_t size, uintptr_t top)
{
	void *p;

	do {
		p = malloc(size);
	} while (p != NULL && (uintptr_t)p < top);
	free(p);
}

void
park_fill_holes(void)
{
	const uintptr_t top = (uintptr_t)sbrk(0);

	(void)malloc_trim(0);
	for (size_t size = LARGEST; size >= 16; size = size / 16 * 15 & ~15UL)
		fill(size, (uintptr_t)sbrk(0) < top ? (uintptr_t)sbrk(0) : top);
}

/* What calls have written below here is of no use to anybody. */
static void
give_back_stack(void)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	const uintptr_t end = (here - RED_ZONE) & ~(page - 1);
	const uintptr_t begin = end - STACK_BYTES;

	(void)madvise((void *)begin, end - begin, MADV_DONTNEED);
}

void
park_give_back(void)
{
	(void)malloc_trim(0);
	channel_give_back();
	give_back_stack();
}
#else
void
park_fill_holes(void)
{
}

void
park_give_back(void)
{
}
#endif
