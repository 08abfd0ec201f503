/* SPDX-License-Identifier: ISC */
/* What /query of all types has in common (RFC 8620 5.5): filters, sort, the
 * window that is asked for. */
#ifndef JMAPD_MAIL_QUERY_H
#define JMAPD_MAIL_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "jmapd/api/call.h"

/* clang-format off */
#define QUERY_ARGS                                                            \
	{ "filter", ARG_OBJECT | ARG_NULL },                                   \
	{ "sort", ARG_ARRAY | ARG_NULL },                                      \
	{ "position", ARG_INT | ARG_NULL },                                    \
	{ "anchor", ARG_ID | ARG_NULL },                                       \
	{ "anchorOffset", ARG_INT | ARG_NULL },                                \
	{ "limit", ARG_UINT | ARG_NULL },                                      \
	{ "calculateTotal", ARG_BOOL | ARG_NULL }
#define QUERY_CHANGES_ARGS                                                    \
	{ "filter", ARG_OBJECT | ARG_NULL },                                   \
	{ "sort", ARG_ARRAY | ARG_NULL },                                      \
	{ "sinceQueryState", ARG_STRING },                                     \
	{ "maxChanges", ARG_UINT | ARG_NULL },                                 \
	{ "upToId", ARG_ID | ARG_NULL },                                       \
	{ "calculateTotal", ARG_BOOL | ARG_NULL }
/* clang-format on */

/* Items of SIZE bytes; zeroed but for that it is empty. */
struct query_list {
	void *v;
	size_t n, cap, size;
};
void query_add(struct query_list *l, const void *item);
void query_list_fini(struct query_list *l);

struct query_type {
	/* Is NAME a condition, V a value for it? */
	bool (*check)(const char *name, const json_t *v);
	/* Is it one that cannot be looked for (unsupportedFilter)?  May be
	 * NULL.
	 */
	bool (*unsupported)(const char *name, const json_t *v);
	bool (*meets)(const void *item, const char *name, const json_t *v);
	bool (*check_sort)(struct slice property);
	/* Without PROPERTY: the order of those that are equal otherwise. */
	int (*compare)(const void *a, const void *b, struct slice property);
	void (*put_id)(struct jmapd_call *c, const void *item);
	bool (*is_id)(const void *item, struct slice id);
	void (*put_state)(struct jmapd_call *c, const char *name);
};

/* False: an error is written. */
bool query_check(struct jmapd_call *c, const struct query_type *q);
bool query_meets(
    const struct jmapd_call *c, const struct query_type *q, const void *item);
/* As asked for. */
void query_sort(const struct jmapd_call *c, const struct query_type *q,
    struct query_list *l);
/* The response. */
enum call_step query_put(struct jmapd_call *c, const struct query_type *q,
    const struct query_list *l);

/* /queryChanges where no older result is known: cannotCalculateChanges. */
enum call_step query_changes_none(struct jmapd_call *c);

#endif
