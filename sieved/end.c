/* SPDX-License-Identifier: ISC */
#include "sieved/end.h"

#include <stddef.h>

#include "ev/stream.h"
#include "log/log.h"
#include "sieved/session.h"

enum { GOODBYE_MS = 30000 }; /* for the client to take the last response */

void
sieved_end_note(struct sieved_session *s, const char *why)
{
	if (s->end != NULL)
		return;
	s->end = why;
	log_info("sieved.session-end", kv_s("sid", s->sid),
	    kv_s("account", s->account), kv_s("why", why),
	    kv_u("commands", s->commands));
}

void
sieved_end(struct sieved_session *s, const char *why)
{
	sieved_end_note(s, why);
	stream_set_deadline(&s->stream, GOODBYE_MS);
	stream_finish(&s->stream);
}
