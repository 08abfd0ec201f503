/* SPDX-License-Identifier: ISC */
#include "sys/id.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "base/mem.h"
#include "sys/clock.h"

enum { TIME_DIGITS = 11, NUMBERS = 64 };

/* Both libraries ask the kernel for the pid each time. */
static struct {
	uint32_t pid; /* 0: not known */
	uint32_t numbers[NUMBERS];
	size_t left;
} self;

/* N as COUNT digits. */
static char *
put(char *p, uint64_t n, unsigned count)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

	for (unsigned i = count; i > 0; i--, n >>= 5)
		p[i - 1] = digits[n & 31];
	return p + count;
}

void
id_new(char *id, uint32_t tail, unsigned digits)
{
	static int64_t last;
	int64_t now = clock_wall_us();

	if (now <= last)
		now = last + 1;
	last = now;
	id = put(id, (uint64_t)now, TIME_DIGITS);
	*put(id, tail, digits) = '\0';
}

static void
on_fork(void)
{
	self.pid = 0;
	self.left = 0;
}

uint32_t
id_pid(void)
{
	static bool told;

	if (!told)
		told = pthread_atfork(NULL, NULL, on_fork) == 0;
	if (self.pid == 0 || !told)
		self.pid = (uint32_t)getpid();
	return self.pid;
}

uint32_t
id_random(void)
{
	(void)id_pid(); /* a fork must be noticed */
	if (self.left == 0) {
		arc4random_buf(self.numbers, sizeof self.numbers);
		self.left = ARRAY_LEN(self.numbers);
	}
	return self.numbers[--self.left];
}
