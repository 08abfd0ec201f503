/* SPDX-License-Identifier: ISC */
#include "imapd/search/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "imapd/conf.h"
#include "imapd/conn/session.h"
#include "store/view.h"

struct search_state *
imapd_search_state(struct session *s)
{
	if (s->search == NULL) {
		s->search = xcalloc(1, sizeof *s->search);
		LIST_INIT(&s->search->contexts);
	}
	return s->search;
}

const struct seqset *
imapd_search_saved(const struct session *s)
{
	return s->search != NULL ? &s->search->saved : NULL;
}

static int
by_number(const void *pa, const void *pb)
{
	const uint32_t *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

/* One behind the other; neighbours in the mailbox become a range, over UIDs
 * that nobody has. */
static void
add_number(struct seqset *set, const struct view *v, uint32_t last, uint32_t n)
{
	const uint32_t uid = view_uid(v, n);

	if (set->n > 0 && n == last + 1)
		set->v[set->n - 1].hi = uid;
	else if (set->n == 0 || n != last)
		set->v[set->n++] = (struct seqrange){ uid, uid };
}

/* A copy of NUMBERS in order; NULL: they are, as all but SORT finds them. */
static uint32_t *
put_in_order(const uint32_t *numbers, size_t n)
{
	uint32_t *sorted;
	size_t i = 1;

	while (i < n && numbers[i - 1] <= numbers[i])
		i++;
	if (i >= n)
		return NULL;
	sorted = xcalloc(n, sizeof *sorted);
	memcpy(sorted, numbers, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_number);
	return sorted;
}

void
imapd_search_save(struct session *s, const uint32_t *numbers, size_t n)
{
	struct seqset *set = &imapd_search_state(s)->saved;
	uint32_t *sorted = put_in_order(numbers, n);
	const uint32_t *v = sorted != NULL ? sorted : numbers;

	xfree(&set->v);
	*set = (struct seqset){ .v = xcalloc(n + 1, sizeof *set->v),
		.uids = true };
	for (size_t i = 0; i < n; i++)
		add_number(set, s->view, i > 0 ? v[i - 1] : 0, v[i]);
	set->v = xreallocarray(set->v, set->n + 1, sizeof *set->v);
	xfree(&sorted);
}

size_t
imapd_search_memory(void)
{
	return (size_t)imapd_conf->search_memory_limit;
}

unsigned
imapd_search_contexts(void)
{
	return imapd_conf->search_contexts;
}
