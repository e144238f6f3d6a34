/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any file of any engine is refused with a sentence, or becomes one in which a second setup changes nothing, and from which a
 * removal takes all of it. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "engine_handler.h"
#include "engine_setup.h"

static const struct engine_wish wish = {
	.program = "/usr/sbin/thymus", .hook = "/usr/libexec/thymus/thymus-hook", .hooks_d = "/etc/containers/oci/hooks.d",
};

static void check_part(engine_edit *edit, const char *text, size_t len, bool by_default, bool imported)
{
	struct engine_wish w = wish, gone = wish;
	auto_buf once = { 0 }, twice = { 0 }, back = { 0 };
	struct err e = { "" };

	w.by_default = by_default;
	w.imported = gone.imported = imported;
	gone.remove = true;
	if (edit(text, len, &w, &once, &e) < 0) {
		assert(e.text[0] != '\0');
		return;
	}
	if (!once.text)
		return;
	assert(edit(once.text, once.len, &w, &twice, &e) == 0);
	assert(twice.len == once.len && memcmp(twice.text, once.text, once.len) == 0);
	assert(edit(once.text, once.len, &gone, &back, &e) == 0);
	assert(!back.text || !strstr(back.text, "/usr/sbin/thymus") || memmem(text, len, "thymus", 6));
}

/* What doctor reads of it. */
static void check_handler(const char *text, size_t len)
{
	struct engine_handler h = { 0 };
	struct err e = { "" };
	char program[1024];

	if (engine_handler_toml(text, len, &h, &e) < 0)
		assert(e.text[0] != '\0');
	e.text[0] = '\0';
	if (engine_handler_json(text, len, &h, &e) < 0)
		assert(e.text[0] != '\0');
	(void)!engine_handler_hook(text, len, program, &e);
	assert(strlen(h.program) < sizeof(h.program) && strlen(program) < sizeof(program));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const engines[] = { "docker", "containerd", "crio", "podman" };
	auto_free char *text = malloc(size + 1); /* files are read with a NUL behind them */
	auto_buf some = { 0 };
	bool systemd;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
		const struct engine_setup *engine = engine_setup_find(engines[i]);

		for (const struct engine_part *p = engine->parts; p->file; p++) {
			check_part(p->edit, text, size, false, false);
			check_part(p->edit, text, size, true, false);
		}
		if (engine->drop_in)
			check_part(engine->drop_in, text, size, true, true);
	}
	check_handler(text, size);
	(void)engine_containerd_imports(text, size, &some, &systemd);
	engine_setup_array(text, size, "engine\x1fhooks_dir", &some);
	engine_setup_diff(text, "a\nb\n", &some);
	return 0;
}
