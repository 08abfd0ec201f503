/* SPDX-License-Identifier: ISC */
/* The owner of a script is told that it has an error, once a day. */
#include "base/buf.h"
#include "local/conf.h"
#include "local/script/inner.h"
#include "mime/date.h"
#include "script/decide.h"
#include "script/seen.h"
#include "script/worker.h"
#include "sys/id.h"

enum { DAY = 24 * 3600 };

bool
notice_due(const struct script_run *r)
{
	const struct seen_key key = { "notice", r->rcpt.account, SLICE("-") };

	if (seen_find(r->script.account, &key, r->now_s) != ABSENT)
		return false;
	/* One that cannot be remembered would be one for each message. */
	return seen_put(r->script.account, &key, r->now_s, DAY, NULL) == 0;
}

void
notice_put(const struct script_run *r, struct buf *out)
{
	const struct shared_conf *c = &local_conf->shared;
	const struct date now = { .time_s = r->now_s };
	char id[ID_MAX_BYTES];

	id_new(id, id_pid(), 3);
	buf_adds(out, "Date: ");
	date_put(out, &now);
	buf_addf(out,
	    "\r\nFrom: Mail Delivery System <postmaster@%s>\r\nTo: <%.*s>\r\n"
	    "Subject: Your mail filter has an error\r\n"
	    "Message-ID: <%s.sieve@%s>\r\n"
	    "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n",
	    c->hostname, SLICE_FMT(r->rcpt.account), id, c->hostname);
	buf_adds(out, "Your mail filter (Sieve script) could not be run for a "
		      "message to you.\r\n"
		      "That message, and others until the script is mended, "
		      "went to your INBOX.\r\n\r\n");
	if (r->script.name != NULL)
		buf_addf(out, "Script: %s\r\n", r->script.name);
	if (r->decide->worker->line > 0)
		buf_addf(out, "Where:  %s, line %u\r\n",
		    r->decide->worker->script, r->decide->worker->line);
	buf_addf(out, "Error:  %s\r\n", r->failed);
	buf_addf(out, "\r\nThis is told once a day at most.\r\n");
}
