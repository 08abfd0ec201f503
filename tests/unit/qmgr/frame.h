/* SPDX-License-Identifier: ISC */
/* What tests of qmgr's own have in common: a directory, a configuration, and
 * chance that a seed repeats. */
#ifndef TESTS_UNIT_QMGR_FRAME_H
#define TESTS_UNIT_QMGR_FRAME_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/slice.h"
#include "conf/conf.h"
#include "qmgr/conf.h"
#include "tests/memory.h"

/* ---- a directory */

static inline char *
frame_dir(void)
{
	char *dir = NULL;

	if (asprintf(&dir, "%s/pabal-qmgr-XXXXXX", memory_top()) == -1 ||
	    mkdtemp(dir) == NULL)
		abort();
	return dir;
}

/* Takes DIR; as system(). */
static inline int
frame_remove(char *dir)
{
	char *cmd = xasprintf("rm -rf %s", dir);
	const int rc = system(cmd);

	free(cmd);
	free(dir);
	return rc;
}

/* ---- the configuration, from what stands in pabal.conf and qmgr.conf */

static inline void
frame_conf_of(const char *shared, const char *qmgr)
{
	const struct conf_text texts[] = {
		{ "pabal.conf", slice_str(shared) },
		{ "qmgr.conf", slice_str(qmgr) },
	};
	struct conf_errors errors = { 0 };
	static void *before;
	void *conf = NULL;

	if (conf_load(&qmgr_conf_desc, texts, 2, &conf, &errors) == -1)
		abort();
	qmgr_conf = conf;
	conf_free(&before);
	before = conf;
}

static inline void
frame_conf(const char *qmgr)
{
	frame_conf_of("", qmgr);
}

/* ---- chance */

static uint64_t chance_state;

static inline uint32_t
pick(uint32_t n)
{
	chance_state =
	    chance_state * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(chance_state >> 33) % n;
}

static inline bool
percent(unsigned p)
{
	return pick(100) < p;
}

/* A number of the environment. */
static inline uint64_t
number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

#endif
