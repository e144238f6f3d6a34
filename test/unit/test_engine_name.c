/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "engine_name.h"
#include "tap.h"

static void test_made_up(void)
{
	static const char *const made_up[] = { "quirky_hopper", "zen_bell7", "admiring_x", "5ca38077a69b-infra" };
	static const char *const chosen[] = { "web", "shop_web", "quirky", "quirky_", "_hopper", "",
					      "quirky_hopper12", "quirky_hopper_1", "quirky-hopper",
					      "Quirky_hopper", "quirkyx_hopper", "shop-infra", "5ca38077a69-infra",
					      "5ca38077a69b-infra2" };

	for (size_t i = 0; i < sizeof(made_up) / sizeof(made_up[0]); i++)
		ok(engine_name_is_made_up(made_up[i]), "%s is made up", made_up[i]);
	for (size_t i = 0; i < sizeof(chosen) / sizeof(chosen[0]); i++)
		ok(!engine_name_is_made_up(chosen[i]), "\"%s\" is not", chosen[i]);
}

static void test_images(void)
{
	static const struct { const char *reference, *name; } rows[] = {
		{ "nginx", "nginx" },
		{ "nginx:1.25", "nginx" },
		{ "docker.io/library/nginx:1.25@sha256:00ff", "nginx" },
		{ "localhost:5000/shop/web", "web" },
		{ "web@sha256:00/ff", "web" },
		{ "sha256:00ff", NULL },
		{ "3f5e0a1b2c3d", NULL },
		{ "docker.io/library/decade", "decade" },
		{ "", NULL },
		{ "a/", NULL },
		{ ":1", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[64] = "";
		bool has = engine_name_of_image(rows[i].reference, name, sizeof(name));

		ok(rows[i].name ? has && strcmp(name, rows[i].name) == 0 : !has, "\"%s\" is \"%s\"",
		   rows[i].reference, name);
	}
}

static void test_services(void)
{
	char name[32], space[32];

	ok(engine_name_is_swarm("web.1.abc", "web") && !engine_name_is_swarm("web", "web") &&
	   !engine_name_is_swarm("webshop.1.x", "web") && !engine_name_is_swarm(".1", ""), "Swarm");
	ok(engine_name_is_compose("shop-web-1", "shop", "web") &&
	   engine_name_is_compose("shop_web_12", "shop", "web"), "Compose, both versions");
	ok(!engine_name_is_compose("evil", "shop", "web") &&
	   !engine_name_is_compose("shop-web", "shop", "web") &&
	   !engine_name_is_compose("shop-web-", "shop", "web") &&
	   !engine_name_is_compose("shop-web-1x", "shop", "web") &&
	   !engine_name_is_compose("shop-we", "shop", "web") &&
	   !engine_name_is_compose("-web-1", "", "web"),
	   "labels without the name are not believed");
	ok(engine_name_of_pod("k8s_nginx_web-5d_prod_0af-1_2", name, space, sizeof(name)) &&
	   strcmp(name, "nginx") == 0 && strcmp(space, "prod") == 0, "CRI-O");
	ok(!engine_name_of_pod("k8s_nginx_web_prod_u", name, space, sizeof(name)) &&
	   !engine_name_of_pod("k8s__web_prod_u_0", name, space, sizeof(name)) &&
	   !engine_name_of_pod("nginx_web_prod_u_0", name, space, sizeof(name)), "not CRI-O");
}

static void test_clean(void)
{
	char name[8];

	engine_name_clean("../a b", name, sizeof(name));
	ok(strcmp(name, "_._a_b") == 0, "no path: %s", name);
	engine_name_clean("0123456789", name, sizeof(name));
	ok(strcmp(name, "0123456") == 0, "cut to what fits");
	engine_name_clean("\xc3\xa9\n", name, sizeof(name));
	ok(strcmp(name, "___") == 0, "bytes of no plain letter");
}

int main(void)
{
	test_made_up();
	test_images();
	test_services();
	test_clean();
	return tap_end();
}
