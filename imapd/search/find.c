/* SPDX-License-Identifier: ISC */
#include "imapd/search/find.h"

#include "imapd/conn/session.h"
#include "imapd/conn/user.h"
#include "mailsearch/finder.h"

struct finder *
imapd_search_find(const struct session *s, struct search *search,
    struct view *v, struct arena *a, bool numbers)
{
	struct finder *f = finder_new(search, v, a, numbers);

	finder_ask(f, imapd_user_keeper(s->user), a);
	return f;
}
