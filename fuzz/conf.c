/* SPDX-License-Identifier: ISC */
/* A file that loads loads again, with the same values, from what is shown of
 * it; and setting a parameter in any text makes it load as what was set. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "conf/conf.h"
#include "conf/edit.h"
#include "conf/master.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct master_conf *
load(struct slice body)
{
	const struct conf_text t = { "master.conf", body };
	struct conf_errors errors = { 0 };
	struct master_conf *m = NULL;
	const int rc = master_conf_load(&t, 1, &m, &errors);

	must((rc == 0) == (m != NULL) && (rc == 0) == (errors.n == 0));
	conf_errors_fini(&errors);
	return m;
}

/* Write all of M's own and shared parameters as a file. */
static void
show(const struct master_conf *m, struct buf *out)
{
	for (const struct conf_desc *d = &master_conf_desc; d != NULL;
	     d = d->base)
		for (size_t i = 0; i < d->nparams; i++) {
			buf_addf(out, "%s = ", d->params[i].name);
			conf_format(&d->params[i], m, out);
			buf_addc(out, '\n');
		}
}

static void
check_shown(const struct master_conf *m)
{
	struct master_conf *again;
	struct buf once, twice;

	buf_init(&once, 10u << 20);
	buf_init(&twice, 10u << 20);
	show(m, &once);
	again = load(buf_slice(&once));
	must(again != NULL);
	show(again, &twice);
	must(slice_eq(buf_slice(&once), buf_slice(&twice)));
	master_conf_free(&again);
	buf_fini(&once);
	buf_fini(&twice);
}

static void
check_edit(struct slice text, bool was_good)
{
	struct buf out;
	struct master_conf *m;

	buf_init(&out, 10u << 20);
	conf_edit_set(
	    text, SLICE(""), SLICE("stop_timeout"), SLICE("77s"), &out);
	m = load(buf_slice(&out));
	must(m != NULL || !was_good);
	must(m == NULL || m->stop_timeout == 77000);
	master_conf_free(&m);
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice text = slice_of(data, size);
	struct master_conf *m = load(text);

	if (m != NULL)
		check_shown(m);
	check_edit(text, m != NULL);
	master_conf_free(&m);
	return 0;
}
