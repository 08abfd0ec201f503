/* SPDX-License-Identifier: ISC */
#include "store/picture.h"

#include <string.h>

#include "base/mem.h"
#include "base/must.h"

void
picture_fini(struct picture *p)
{
	xfree(&p->v);
	*p = (struct picture){ 0 };
}

void
picture_copy(struct picture *to, const struct picture *p)
{
	*to = (struct picture){ NULL, p->nruns, p->nruns, p->n };
	if (p->nruns == 0)
		return;
	to->v = xreallocarray(NULL, p->nruns, sizeof *to->v);
	memcpy(to->v, p->v, p->nruns * sizeof *to->v);
}

uint32_t
picture_length(const struct picture *p, size_t i)
{
	return (i + 1 < p->nruns ? p->v[i + 1].at : p->n) - p->v[i].at;
}

void
picture_add_run(struct picture *p, uint32_t uid, uint32_t n)
{
	const size_t last = p->nruns - 1;

	if (n == 0)
		return;
	if (p->nruns == 0 || p->v[last].uid + picture_length(p, last) != uid) {
		if (p->nruns == p->cap) {
			p->cap = p->cap > 0 ? p->cap + p->cap / 2 : 4;
			p->v = xreallocarray(p->v, p->cap, sizeof *p->v);
		}
		p->v[p->nruns++] = (struct picture_run){ uid, p->n };
	}
	p->n += n;
}

void
picture_add(struct picture *p, uint32_t uid)
{
	picture_add_run(p, uid, 1);
}

uint32_t
picture_uid(const struct picture *p, uint32_t at)
{
	size_t lo = 0, hi = p->nruns;

	must(at < p->n);
	while (hi - lo > 1) {
		const size_t mid = lo + (hi - lo) / 2;

		if (p->v[mid].at <= at)
			lo = mid;
		else
			hi = mid;
	}
	return p->v[lo].uid + (at - p->v[lo].at);
}

uint32_t
picture_from(const struct picture *p, uint32_t uid)
{
	size_t lo = 0, hi = p->nruns;
	uint32_t off;

	if (p->nruns == 0 || uid <= p->v[0].uid)
		return 0;
	while (hi - lo > 1) {
		const size_t mid = lo + (hi - lo) / 2;

		if (p->v[mid].uid <= uid)
			lo = mid;
		else
			hi = mid;
	}
	off = uid - p->v[lo].uid;
	return p->v[lo].at +
	       (off < picture_length(p, lo) ? off : picture_length(p, lo));
}

bool
picture_has(const struct picture *p, uint32_t uid)
{
	const uint32_t at = picture_from(p, uid);

	return at < p->n && picture_uid(p, at) == uid;
}

void
picture_remove(struct picture *p, const uint32_t *uids, size_t n)
{
	struct picture kept = { 0 };
	size_t k = 0;

	for (size_t i = 0; i < p->nruns; i++) {
		const uint64_t end =
		    (uint64_t)p->v[i].uid + picture_length(p, i);
		uint64_t from = p->v[i].uid;

		while (k < n && uids[k] < from)
			k++;
		for (; k < n && uids[k] < end; k++) {
			if (uids[k] >= from)
				picture_add_run(&kept, (uint32_t)from,
				    (uint32_t)(uids[k] - from));
			from = (uint64_t)uids[k] + 1;
		}
		picture_add_run(&kept, (uint32_t)from, (uint32_t)(end - from));
	}
	xfree(&p->v);
	*p = kept;
}
