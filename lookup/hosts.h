/* SPDX-License-Identifier: ISC */
/* Entries of tables that are by the hosts which are dialled. */
#ifndef LOOKUP_HOSTS_H
#define LOOKUP_HOSTS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct mx_list;
struct nexthop;

/* ASK for keys until it has one: those of the hosts of LIST by name (NULL: they
 * are not known), so that all domains of the same hosts have the same; then of
 * NH; each as it is and then the domains it stands beneath (".example.org").
 * *OWN: it is NH's. */
enum found lookup_hosts_find(const struct nexthop *nh,
    const struct mx_list *list, enum found (*ask)(void *arg, struct slice key),
    void *arg, bool *own);

#endif
