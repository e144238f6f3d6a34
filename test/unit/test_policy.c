/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy.h"

#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "tap.h"

/* Each row is one way to get a policy wrong and the words that must name it. */
static const struct { const char *text, *says; } refused[] = {
	{ "",                                           "" },
	{ "[]",                                         "object" },
	{ "{\"moed\":\"off\"}",                         "moed" },
	{ "{\"mode\":\"of\"}",                          "mode \"of\" is unknown" },
	{ "{\"mode\":1}",                               "mode" },
	{ "{\"mode\":\"off\",\"mode\":\"auto\"}",       "mode" },
	{ "{\"ready_mode\":\"learn\"}",                 "must be monitor or enforce" },
	{ "{\"delegate\":\"runc\"}",                    "\"delegate\" is \"runc\", must be an absolute" },
	{ "{\"folders\":[]}",                           "folders" },
	{ "{\"folders\":{\"run\":\"run\"}}",            "\"folders.run\" is \"run\"" },
	{ "{\"folders\":{\"run\":\"/\"}}",              "below /" },
	{ "{\"folders\":{\"log\":\"/a/../b\"}}",        "must not contain \"..\"" },
	{ "{\"folders\":{\"log\":\"/a/..\"}}",          "must not contain \"..\"" },
	{ "{\"folders\":{\"logs\":\"/a\"}}",            "folders: " },
	{ "{\"folders\":{\"log\":null}}",               "log" },
	{ "{\"budget\":\"0/week\"}",                    "budget \"0/week\"" },
	{ "{\"budget\":\"1/fortnight\"}",               "budget" },
	{ "{\"budget\":\"inf/week\"}",                  "budget" },
	{ "{\"budget\":\"1e9/week\"}",                  "budget" },
	{ "{\"budget\":\"-1/week\"}",                   "budget" },
	{ "{\"budget\":\"1\"}",                         "budget" },
	{ "{\"budget\":\"1/weekend\"}",                 "budget" },
	{ "{\"learn\":{\"seconds\":0}}",                "\"learn.seconds\" is 0, must be 1..31536000" },
	{ "{\"learn\":{\"seconds\":-1}}",               "seconds" },
	{ "{\"learn\":{\"seconds\":1.5}}",              "seconds" },
	{ "{\"learn\":{\"starts\":99999999999}}",       "starts" },
	{ "{\"learn\":{\"minutes\":5}}",                "learn: " },
	{ "{\"prove\":{\"seconds\":0}}",                "prove.seconds" },
	{ "{\"actions\":{\"tier1\":\"isolate\"}}",      "\"actions.tier1\" is \"isolate\"" },
	{ "{\"actions\":{\"tier4\":\"kill\"}}",         "actions: " },
	{ "{\"sessions\":\"Kill\"}",                    "\"sessions\" is \"Kill\"" },
	{ "{\"annotations\":{\"mode\":\"learn\"}}",     "\"annotations.mode\" must be an array" },
	{ "{\"annotations\":{\"mode\":[\"lern\"]}}",    "\"lern\", which is no mode" },
	{ "{\"annotations\":{\"profile\":[1]}}",        "must be an array of strings" },
	{ "{\"annotations\":{\"profile\":[\"../x\"]}}", "which is no pattern" },
	{ "{\"annotations\":{\"profile\":[\"\"]}}",     "which is no pattern" },
	{ "{\"floor_lift\":[\"read\"]}",                "\"read\", which is not on the floor" },
	{ "{\"floor_lift\":\"bpf\"}",                   "\"floor_lift\" must be an array" },
	{ "{\"allow_seconds\":86401}",                  "allow_seconds" },
	{ "{\"attach_timeout\":0}",                     "attach_timeout" },
	{ "{\"attach_timeout\":\"10\"}",                "attach_timeout" },
	{ "{\"limits\":{\"log\":1}}",                   "limits: " },
	{ "{\"limits\":{\"log_kib\":15}}",              "\"limits.log_kib\" is 15, must be 16..4194303" },
	{ "{\"limits\":{\"log_files\":0}}",             "\"limits.log_files\" is 0, must be 1..100" },
	{ "{\"limits\":{\"incidents\":0}}",             "\"limits.incidents\" is 0, must be 1..100000" },
	{ "{\"limits\":{\"incidents_mib\":4096}}",      "\"limits.incidents_mib\" is 4096, must be 1..4095" },
	{ "{\"limits\":{\"profiles\":0}}",              "\"limits.profiles\" is 0, must be 1..100000" },
	{ "{\"limits\":{\"trace_mib\":0}}",             "\"limits.trace_mib\" is 0, must be 1..1048576" },
	{ "{\"limits\":{\"free_kib\":63}}",             "\"limits.free_kib\" is 63, must be 64..4194303" },
};

static int parse(const char *text, struct policy *p, struct err *e)
{
	return policy_parse(text, strlen(text), p, e);
}

static void test_refused(void)
{
	char text[2000] = "{\"folders\":{\"run\":\"/";
	struct policy p;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct err e = { "" };
		int rc = parse(refused[i].text, &p, &e);

		ok(rc < 0 && e.text[0] && strstr(e.text, refused[i].says), "refused: %s", e.text);
		if (rc == 0)
			policy_done(&p);
	}
	struct err e = { "" };
	memset(text + strlen(text), 'a', 1500);
	strcat(text, "\"}}");
	ok(parse(text, &p, &e) < 0 && strstr(e.text, "shorter"), "refused: %s", e.text);
}

static void test_values(void)
{
	static const char text[] =
		"/* comment */ { \"delegate\": \"/usr/sbin/runc\","
		"\"folders\": {\"run\": \"/r\", \"traces\": \"/t\"}, \"mode\": \"enforce\","
		"\"ready_mode\": \"enforce\", \"budget\": \"2.5/day\","
		"\"learn\": {\"seconds\": 10, \"calls\": 20, \"starts\": 3, \"stops\": 0},"
		"\"prove\": {\"seconds\": 7}, \"actions\": {\"tier1\": \"kill\", \"tier3\": \"freeze\"},"
		"\"sessions\": \"freeze\", \"floor_lift\": [\"bpf\", \"io_uring_setup\"],"
		"\"annotations\": {\"mode\": [\"monitor\"], \"profile\": [\"shop-*\", \"a?c*e\"]},"
		"\"limits\": {\"incidents\": 7, \"incidents_mib\": 8, \"profiles\": 9, \"trace_mib\": 10, \"free_kib\": 99},"
		"\"allow_seconds\": 0, \"attach_timeout\": 3 }";
	struct policy p;
	struct err e = { "" };

	ok(parse(text, &p, &e) == 0, "a full policy is accepted: %s", e.text);
	ok(strcmp(p.delegate, "/usr/sbin/runc") == 0 && strcmp(p.run, "/r") == 0 &&
	   strcmp(p.traces, "/t") == 0, "paths arrive");
	ok(strcmp(p.log, "/var/log/thymus") == 0, "a folder that is not named keeps its default");
	ok(p.mode == MODE_ENFORCE && p.ready_mode == MODE_ENFORCE, "modes arrive");
	ok(p.budget > 2.5 / 86401 && p.budget < 2.5 / 86399, "2.5/day is that many a second");
	ok(p.learn_seconds == 10 && p.learn_calls == 20 && p.learn_starts == 3 &&
	   p.learn_stops == 0 && p.prove_seconds == 7, "learning's numbers arrive");
	ok(p.action[1] == ACTION_KILL && p.action[2] == ACTION_FREEZE && p.action[3] == ACTION_FREEZE,
	   "actions arrive, one that is not named keeps its default");
	ok(p.sessions == ACTION_FREEZE && p.allow_seconds == 0 && p.attach_timeout == 3,
	   "the rest arrives");
	ok(p.limits.incidents == 7 && p.limits.incidents_mib == 8 && p.limits.profiles == 9 && p.limits.trace_mib == 10 &&
	   p.limits.free_kib == 99 && p.limits.log_files == 4, "limits arrive, one that is not named keeps its default");
	ok(p.floor_lift && strcmp(p.floor_lift[0], "bpf") == 0 && p.floor_lift[1] &&
	   !p.floor_lift[2], "lifted calls are a list that ends");
	ok(policy_admits_mode(&p, "monitor") && !policy_admits_mode(&p, "off"), "modes are admitted by name");
	policy_done(&p);
	ok(!p.doc && !p.floor_lift && p.mode == MODE_AUTO, "a policy that is done is the default");
}

static void test_names(void)
{
	static const struct { const char *value; bool admitted; } rows[] = {
		{ "shop-", true },   { "shop-web", true },   { "shop", false },     { "xshop-a", false },
		{ "abcde", true },   { "axcxe", true },      { "abce", true },      { "ace", false },
		{ "abcdef", false }, { "shop-a/../b", false }, { ".shop-", false }, { "", false },
		{ "shop-a b", false },
	};
	static const char text[] = "{\"annotations\":{\"profile\":[\"shop-*\",\"a?c*e\"]}}";
	struct policy p;
	struct err e = { "" };
	char big[300] = "shop-";

	ok(parse(text, &p, &e) == 0, "patterns are accepted");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ok(policy_admits_name(&p, rows[i].value) == rows[i].admitted, "\"%s\" is %sadmitted",
		   rows[i].value, rows[i].admitted ? "" : "not ");
	memset(big + 5, 'a', 200);
	ok(!policy_admits_name(&p, big), "a name that no path could hold is not admitted");
	policy_done(&p);
	policy_default(&p);
	ok(!policy_admits_name(&p, "shop-web") && !policy_admits_mode(&p, "learn"),
	   "by default no annotation is heard");
}

/* The shipped file says that every value is the default. */
static void test_shipped(void)
{
	FILE *f = fopen("profiles/default.json", "re");
	static char text[65536];
	struct policy p, d;
	struct err e = { "" };
	size_t len = f ? fread(text, 1, sizeof(text), f) : 0;

	if (f)
		fclose(f);
	policy_default(&d);
	ok(f && policy_parse(text, len, &p, &e) == 0, "profiles/default.json is a policy: %s", e.text);
	if (!f || e.text[0])
		return;
	ok(strcmp(p.profiles, d.profiles) == 0 && strcmp(p.incidents, d.incidents) == 0 &&
	   strcmp(p.run, d.run) == 0 && strcmp(p.log, d.log) == 0 && strcmp(p.bpf, d.bpf) == 0 &&
	   !p.traces && !p.delegate, "its folders are the defaults");
	ok(p.mode == d.mode && p.ready_mode == d.ready_mode && p.budget == d.budget &&
	   p.learn_seconds == d.learn_seconds && p.learn_calls == d.learn_calls &&
	   p.learn_starts == d.learn_starts && p.learn_stops == d.learn_stops &&
	   p.prove_seconds == d.prove_seconds && p.sessions == d.sessions &&
	   p.allow_seconds == d.allow_seconds && p.attach_timeout == d.attach_timeout &&
	   memcmp(p.action + 1, d.action + 1, 3 * sizeof(p.action[0])) == 0 &&
	   memcmp(&p.limits, &d.limits, sizeof(p.limits)) == 0,
	   "its values are the defaults");
	policy_done(&p);
}

static void test_spans(void)
{
	static const struct { const char *text; unsigned long long seconds; } spans[] = {
		{ "90s", 90 }, { "30m", 1800 }, { "2h", 7200 }, { "1d", 86400 }, { "2w", 1209600 },
		{ "0s", 0 },   { "2", 0 },      { "h", 0 },     { "2hh", 0 },    { "-2h", 0 },
		{ "999999999w", 0 }, { "9999999999s", 0 }, { "", 0 },
	};

	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		struct err e = { "" };
		unsigned long long seconds = 0;
		int rc = options_duration(spans[i].text, &seconds, &e);

		ok((rc == 0) == (spans[i].seconds > 0) && seconds == spans[i].seconds,
		   "\"%s\" is %llu s", spans[i].text, spans[i].seconds);
	}
}

struct taken {
	bool json, all;
	const char *span;
	int argc;
	char *argv[8];
	char room[80];
	struct err e;
};

/* `line` cut at its blanks, its flags taken out. */
static int take(struct taken *t, const char *line)
{
	const struct option_row rows[] = { { "--json", &t->json, NULL }, { "--all", &t->all, NULL },
					   { "--for", NULL, &t->span }, { 0 } };
	char *rest = NULL;

	*t = (struct taken){ 0 };
	snprintf(t->room, sizeof(t->room), "%s", line);
	for (char *w = strtok_r(t->room, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
		t->argv[t->argc++] = w;
	return options_take(&t->argc, t->argv, rows, &t->e);
}

static void test_options(void)
{
	static const char *const bad[] = { "x --jsno", "--all=x", "mode --for", "--jso", "--json2" };
	struct taken t;

	ok(take(&t, "mode --all off --for=2h -- --json") == 0 && t.argc == 3 && t.all && !t.json &&
	   t.span && strcmp(t.span, "2h") == 0 && strcmp(t.argv[1], "off") == 0 &&
	   strcmp(t.argv[2], "--json") == 0 && !t.argv[3], "flags are taken out anywhere, until --");
	ok(take(&t, "--for 2h --json - x") == 0 && t.argc == 2 && t.json && strcmp(t.span, "2h") == 0,
	   "a value is the word behind its flag, and a dash is a word");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(take(&t, bad[i]) < 0, "refused: %s", t.e.text);
}

static void test_rules(void)
{
	static const char *const bad[] = {
		"{\"rules\": {}}", "{\"rules\": [1]}", "{\"rules\": [{\"root\": \"*\"}]}", "{\"rules\": [{\"tenant\": \"a\"}]}",
		"{\"rules\": [{\"root\": \"*\", \"tenant\": \"../a\"}]}", "{\"rules\": [{\"root\": \"*\", \"tennant\": \"a\"}]}",
		"{\"rules\": [{\"root\": 1, \"tenant\": \"a\"}]}", "{\"on_upgrade\": \"perhaps\"}",
	};
	const char *text = "{\"rules\": [{\"root\": \"/data/blue/*\", \"cgroup\": \"/x*\", \"tenant\": \"blue\"},"
			   "{\"bundle\": \"*/red/?\", \"name\": \"db\"}, {\"root\": \"*\", \"tenant\": \"rest\"}], \"on_upgrade\": \"learn\"}";
	const struct policy_subject blue = { "/data/blue/a/b", "/x/y", "/run/red/1" }, other = { "/data/blue/a", NULL, "/run/red/12" };
	struct policy p;
	struct err e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(parse(bad[i], &p, &e) < 0, "refused: %s", e.text);
	ok(parse(text, &p, &e) == 0 && p.on_upgrade == UPGRADE_LEARN, "rules are accepted: %s", e.text);
	ok(strcmp(policy_rule(&p, "tenant", &blue), "blue") == 0, "the first rule that matches gives the tenant");
	ok(strcmp(policy_rule(&p, "name", &blue), "db") == 0, "... and another the name");
	ok(strcmp(policy_rule(&p, "tenant", &other), "rest") == 0, "what is not known matches no pattern");
	ok(!policy_rule(&p, "name", &other), "no rule, no name");
	policy_done(&p);
}

static void test_rescue(void)
{
	static const char *const texts[] = {
		"{ \"mode\": \"enfroce\", \"folders\": { \"run\": \"/r\", \"log\": \"relative\" } }",
		"{ \"mode\": \"off\",, // }\n \"folders\" : { \"run\": \"/r\", /* } */ \"lgo\": \"/}\" }",
		"\"folders\": 3, \"folders\": { \"run\": \"/r\" } trailing",
	}, *const hopeless[] = { "", "{", "\"folders\"", "\"folders\": {", "\"folders\": { \"run\": \"", "{ \"folders\": { \"run\": 7 } }" };
	struct policy p;

	for (size_t i = 0; i < 3; i++) {
		policy_rescue(texts[i], strlen(texts[i]), &p);
		ok(strcmp(p.run, "/r") == 0 && strcmp(p.log, "/var/log/thymus") == 0 && p.mode == MODE_AUTO, "rescued: %s", texts[i]);
		policy_done(&p);
	}
	for (size_t i = 0; i < sizeof(hopeless) / sizeof(hopeless[0]); i++) {
		policy_rescue(hopeless[i], strlen(hopeless[i]), &p);
		ok(strcmp(p.run, "/run/thymus") == 0, "nothing to rescue: %s", hopeless[i]);
		policy_done(&p);
	}
}

int main(void)
{
	test_rescue();
	test_refused();
	test_values();
	test_names();
	test_shipped();
	test_spans();
	test_options();
	test_rules();
	return tap_end();
}
