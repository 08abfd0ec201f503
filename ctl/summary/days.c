/* SPDX-License-Identifier: ISC */
#include "ctl/summary/days.h"

#include <string.h>

#include "ctl/summary/count.h"
#include "ctl/view/logline.h"

enum { OPEN = 2 }; /* that take all names */

void
days_init(struct days *d)
{
	*d = (struct days){ .names = 10 };
	arena_init(&d->arena);
}

void
days_fini(struct days *d)
{
	while (d->n > 0)
		day_free(&d->all[--d->n]);
	arena_fini(&d->arena);
}

static void
drop_first(struct days *d)
{
	day_free(&d->all[0]);
	d->n--;
	memmove(&d->all[0], &d->all[1], d->n * sizeof d->all[0]);
}

/* DATE stands before the one at I. */
static struct day *
insert(struct days *d, size_t i, const char *date)
{
	if (d->n == DAYS_MAX) {
		if (i == 0)
			return NULL;
		drop_first(d);
		i--;
	}
	memmove(&d->all[i + 1], &d->all[i], (d->n - i) * sizeof d->all[0]);
	d->all[i] = day_new(date);
	d->n++;
	if (d->n > OPEN)
		day_close(d->all[d->n - 1 - OPEN], d->names);
	return d->all[i];
}

static struct day *
find(struct days *d, const char *date)
{
	size_t i = d->n;
	int order = 1;

	if (strcmp(date, d->from) < 0 ||
	    (d->to[0] != '\0' && strcmp(date, d->to) > 0))
		return NULL;
	while (i > 0 && (order = strcmp(date, d->all[i - 1]->date)) < 0)
		i--;
	return i > 0 && order == 0 ? d->all[i - 1] : insert(d, i, date);
}

void
days_add(struct days *d, struct slice line, struct slice time)
{
	char date[DAY_BYTES];
	struct logline l;
	struct day *day;

	arena_reset(&d->arena);
	if (!logline_parse(line, &d->arena, &l) ||
	    !day_of(l.time.n > 0 ? l.time : time, date))
		return;
	day = find(d, date);
	if (day != NULL)
		count_line(day, &l);
}
