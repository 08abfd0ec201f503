/* SPDX-License-Identifier: ISC */
#include "reporter/table.h"

#include "ev/loop.h"
#include "log/log.h"
#include "reporter/tally.h"
#include "sys/kernel.h"

enum { PAUSE_MS = 60000 };

static struct {
	char boot_id[KERNEL_BOOT_ID_BYTES];
	int dir;
	int64_t not_before_ms;
} state = { .dir = -1 };

void
table_prepare(void)
{
	if (kernel_boot_id(state.boot_id, NULL) == -1)
		state.boot_id[0] = '\0';
}

void
table_init(int dir)
{
	state.dir = dir;
}

void
table_failed(const struct err *err)
{
	log_err("report.table-failed", kv_s("why", err->text));
	tally_close();
	state.not_before_ms = ev_now_ms() + PAUSE_MS;
}

bool
table_ready(void)
{
	struct err err = { 0 };
	bool lost;

	if (tally_is_open())
		return true;
	if (state.dir == -1 || ev_now_ms() < state.not_before_ms)
		return false;
	if (tally_open(state.dir, state.boot_id, &lost, &err) == -1) {
		table_failed(&err);
		return false;
	}
	if (lost)
		log_warn("report.lost", kv_s("why", "not closed, or damaged"));
	return true;
}

void
table_end(void)
{
	tally_close();
}
