/* SPDX-License-Identifier: ISC */
#include "logger/index.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/block.h"
#include "log/log.h"
#include "sys/fd.h"

static struct {
	int fd;      /* -1: none */
	int log;     /* the sink's */
	size_t torn; /* bytes of a record that could not be written whole */
	bool failed; /* and that was said */
	struct log_block block;
} ix = { .fd = -1 };

/* 0 where that cannot be told: then nothing fits. */
static uint64_t
size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static bool
is_regular(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* All of P, which is at most a record; ix.torn counts what a full disk took of
 * it. */
static bool
append(const char *p, size_t n)
{
	const ssize_t done = write(ix.fd, p, n);

	if (done > 0)
		ix.torn = (ix.torn + (size_t)done) % LOG_BLOCK_RECORD;
	if (done == (ssize_t)n)
		return true;
	if (!ix.failed)
		log_warn("log.index-failed",
		    kv_s("why", strerrordesc_np(done == -1 ? errno : ENOSPC)));
	ix.failed = true;
	return false;
}

/* A record that was cut off is filled up, so that others stand where they can
 * be found. */
static bool
mend(void)
{
	static const char zeroes[LOG_BLOCK_RECORD];

	return ix.torn == 0 || append(zeroes, sizeof zeroes - ix.torn);
}

/* The block is over; BEYOND bytes have been written behind it.  If anything
 * else has changed the file, where the block lies is not known. */
static void
end_block(size_t beyond)
{
	char record[LOG_BLOCK_RECORD];
	const uint64_t end = ix.block.offset + ix.block.length;
	const uint64_t size = size_of(ix.log);

	if (size != end + beyond) {
		log_block_begin(&ix.block, size > beyond ? size - beyond : 0);
		return;
	}
	if (ix.block.length > 0) {
		log_block_put(&ix.block, record);
		if (mend() && append(record, sizeof record))
			ix.failed = false;
	}
	log_block_begin(&ix.block, end);
}

void
logger_index_open(int fd, int log, size_t begun)
{
	uint64_t size;

	logger_index_close(begun);
	if (!is_regular(fd) || !is_regular(log)) {
		fd_close(&fd);
		return;
	}
	ix.fd = fd;
	ix.log = log;
	ix.torn = (size_t)(size_of(fd) % LOG_BLOCK_RECORD);
	ix.failed = false;
	size = size_of(log);
	log_block_begin(&ix.block, size > begun ? size - begun : 0);
}

void
logger_index_add(struct slice lines, size_t begun)
{
	while (ix.fd != -1 && lines.n > 0) {
		const size_t n = slice_find(lines, '\n') + 1;

		if (!log_block_add(&ix.block, slice_sub(lines, 0, n))) {
			/* no line of a file: it is read by whoever searches */
			end_block(lines.n + begun);
			ix.block.offset += n;
		}
		lines = slice_from(lines, n);
		if (log_block_full(&ix.block))
			end_block(lines.n + begun);
	}
}

void
logger_index_close(size_t begun)
{
	if (ix.fd == -1)
		return;
	end_block(begun);
	fd_close(&ix.fd);
}
