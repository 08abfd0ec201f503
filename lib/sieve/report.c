/* SPDX-License-Identifier: ISC */
#include "sieve/report.h"

#include <stdarg.h>
#include <stdio.h>

void
sieve_report_init(struct sieve_report *r, struct arena *a, size_t max)
{
	*r = (struct sieve_report){ .arena = a, .max = max };
	r->tail = &r->first;
}

static bool
is_behind(struct sieve_pos a, struct sieve_pos b)
{
	return a.line != b.line ? a.line > b.line : a.column > b.column;
}

/* Where a remark on SCRIPT at POS stands: behind all on what is before that, so
 * that a script's are in the order of its text, whoever found them. */
static struct sieve_remark **
place(struct sieve_report *r, struct slice script, struct sieve_pos pos)
{
	struct sieve_remark **first = NULL, **behind = NULL;

	for (struct sieve_remark **m = &r->first; *m != NULL; m = &(*m)->next) {
		if (!slice_eq((*m)->script, script))
			continue;
		if (first == NULL)
			first = m;
		if (!is_behind((*m)->pos, pos))
			behind = &(*m)->next;
	}
	if (behind != NULL)
		return behind;
	return first != NULL ? first : r->tail;
}

static void __attribute__((format(printf, 5, 0)))
add(struct sieve_report *r, struct slice script, struct sieve_pos pos,
    bool warning, const char *fmt, va_list ap)
{
	size_t *const count = warning ? &r->nwarnings : &r->nerrors;
	struct sieve_remark **at, *m;
	char text[512];

	if ((*count)++ >= r->max)
		return;
	vsnprintf(text, sizeof text, fmt, ap);
	m = arena_new(r->arena, struct sieve_remark);
	at = place(r, script, pos);
	*m = (struct sieve_remark){ .next = *at,
		.script = script,
		.pos = pos,
		.warning = warning,
		.text = arena_str(r->arena, slice_str(text)) };
	*at = m;
	if (m->next == NULL)
		r->tail = &m->next;
}

void
sieve_report_error(struct sieve_report *r, struct slice script,
    struct sieve_pos pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(r, script, pos, false, fmt, ap);
	va_end(ap);
}

void
sieve_report_warning(struct sieve_report *r, struct slice script,
    struct sieve_pos pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(r, script, pos, true, fmt, ap);
	va_end(ap);
}
