/* SPDX-License-Identifier: ISC */
/*
 * Memory of processes of which there may be thousands.  What they have from
 * their nursery they share until they write to it, page by page; so they should
 * write to few pages, and give back those that they do not need while nothing
 * happens.
 */
#ifndef PROC_PARK_H
#define PROC_PARK_H

/* In the nursery, when it is warm: fill the holes that the start has left in
 * the heap, so that its children's pieces come to lie together behind it. */
void park_fill_holes(void);
/* In a child that has nothing to do for the moment. */
void park_give_back(void);

#endif
