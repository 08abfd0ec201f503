/* SPDX-License-Identifier: ISC */
/* Lines of a log, and records of its index: whatever stands there, reading ends
 * within it, and what a record says can be. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/must.h"
#include "log/block.h"
#include "log/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct log_block b, again;
	static char record[LOG_BLOCK_RECORD];
	const struct slice line = slice_of(data, size);
	struct log_keys k = log_keys_of(line);
	uint64_t hash;
	size_t n = 0;

	while (log_keys_next(&k, &hash))
		n++;
	must(n <= size);
	log_block_begin(&b, size);
	if (log_block_add(&b, line) && size > 0) {
		for (k = log_keys_of(line); log_keys_next(&k, &hash);)
			must(log_block_may_have(&b, hash));
		log_block_put(&b, record);
		must(log_block_get(&again, record));
		must(memcmp(b.filter, again.filter, sizeof b.filter) == 0);
	}
	memset(record, 0, sizeof record);
	memcpy(record, data, size < sizeof record ? size : sizeof record);
	if (log_block_get(&again, record))
		must(again.offset + again.length <= INT64_MAX);
	return 0;
}
