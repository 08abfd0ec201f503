/* SPDX-License-Identifier: ISC */
#include "sievestore/announce.h"

#include <stdint.h>

#include "base/buf.h"
#include "conf/shared.h"
#include "proto/managesieve.h"
#include "sieve/lang.h"
#include "sievestore/upload.h"

enum { LIST_MAX = 4096 };

static void
put(struct buf *out, const char *name, struct slice value)
{
	managesieve_put_string(out, slice_str(name));
	buf_addc(out, ' ');
	managesieve_put_string(out, value);
	buf_adds(out, "\r\n");
}

void
sievestore_announce(const struct shared_conf *conf, struct buf *out)
{
	const struct sieve_lang all = sievestore_upload_lang(conf);
	const struct sieve_lang *lang = &all;
	struct buf list;

	buf_init(&list, LIST_MAX);
	for (unsigned e = SIEVE_EXT_CORE + 1; e < SIEVE_EXTS; e++)
		if ((lang->exts & SIEVE_EXT_BIT(e)) != 0 &&
		    (e != SIEVE_EXT_IMAPSIEVE ||
			conf->imapsieve_url[0] != '\0'))
			buf_addf(&list, "%s%s", list.n > 0 ? " " : "",
			    sieve_lang_ext_name(lang, (enum sieve_ext)e));
	put(out, "IMPLEMENTATION", SLICE("pabal"));
	put(out, "SIEVE", buf_slice(&list));
	if ((lang->exts & SIEVE_EXT_BIT(SIEVE_EXT_ENOTIFY)) != 0)
		put(out, "NOTIFY", SLICE("mailto"));
	if ((lang->exts & SIEVE_EXT_BIT(SIEVE_EXT_EXTLISTS)) != 0)
		put(out, "EXTLISTS", SLICE("tag"));
	buf_reset(&list);
	buf_addu(&list, conf->sieve_max_redirects);
	put(out, "MAXREDIRECTS", buf_slice(&list));
	put(out, "LANGUAGE", SLICE("en"));
	put(out, "VERSION", SLICE("1.0"));
	buf_fini(&list);
}
