/* SPDX-License-Identifier: ISC */
/* The types of parameters' values that C has not. */
#ifndef CONF_VALUES_H
#define CONF_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct addr;
struct cidr;

struct conf_list {
	const char **v;
	size_t n;
	const char **sorted; /* the same in order; NULL: none was made */
};

struct conf_nets {
	struct cidr *v;
	size_t n;
};

struct conf_ages {
	int64_t *ms;
	size_t n; /* at least 1 */
};

/* Its own file, "": none, and the line in that, "" until it is handed over. */
struct conf_secret {
	const char *file;
	char *text;
};

bool conf_nets_match(const struct conf_nets *nets, const struct addr *a);
/* Whether one of the words is WORD (ASCII case ignored); at once if sorted. */
bool conf_list_has(const struct conf_list *list, struct slice word);

#endif
